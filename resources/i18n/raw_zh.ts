<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
  <context>
    <name>RAW</name>
    <message>
      <source> (not: {names})</source>
      <translation>（不是：{names}）</translation>
    </message>
    <message>
      <source> To see each once it takes {minutes:,.0f} minutes.</source>
      <translation> 每个看一遍需要 {minutes:,.0f} 分钟。</translation>
    </message>
    <message>
      <source> and </source>
      <translation>、</translation>
    </message>
    <message>
      <source> and {n} more classes</source>
      <translation>，以及另外 {n} 个类别</translation>
    </message>
    <message>
      <source> min</source>
      <translation> 分钟</translation>
    </message>
    <message>
      <source> people</source>
      <translation> 人</translation>
    </message>
    <message>
      <source>, about {megabytes} MB</source>
      <translation>，约 {megabytes} MB</translation>
    </message>
    <message>
      <source>, each of your {n:,} fixes {times:.1f} times.</source>
      <translation>，您的 {n:,} 个定位点每个 {times:.1f} 次。</translation>
    </message>
    <message>
      <source>, one every {time}</source>
      <translation>，每 {time} 一个</translation>
    </message>
    <message>
      <source>, {gb:g} GB memory</source>
      <translation>，{gb:g} GB 内存</translation>
    </message>
    <message>
      <source>1: moves the same way; 0: no more alike than any two users of this layer</source>
      <translation>1：移动方式相同；0：不比此图层任意两个用户更相似</translation>
    </message>
    <message>
      <source>&lt;b&gt;How far off it may be&lt;/b&gt; (median over the tracks)</source>
      <translation>&lt;b&gt;可能偏差多远&lt;/b&gt;（各轨迹的中位数）</translation>
    </message>
    <message>
      <source>&lt;b&gt;Paused.&lt;/b&gt; Go on with it now or another day.</source>
      <translation>&lt;b&gt;已暂停。&lt;/b&gt;可现在或改日继续。</translation>
    </message>
    <message>
      <source>&lt;b&gt;unknown&lt;/b&gt;</source>
      <translation>&lt;b&gt;未知&lt;/b&gt;</translation>
    </message>
    <message>
      <source>&lt;b&gt;unknown&lt;/b&gt;: the likeliest answer has {p:.0%} only</source>
      <translation>&lt;b&gt;未知&lt;/b&gt;：最可能的答案只有 {p:.0%}</translation>
    </message>
    <message>
      <source>&lt;h3&gt;raw_label(user, task, [layer])&lt;/h3&gt;&lt;p&gt;The answer of RAW's profiles of users, such as raw_label("user_id", 'commuter'). layer: the name or id of the profiles; else the newest.&lt;/p&gt;</source>
      <translation>&lt;h3&gt;raw_label(user, task, [layer])&lt;/h3&gt;&lt;p&gt;RAW 用户画像给出的答案，例如 raw_label("user_id", 'commuter')。layer：画像图层的名称或 id；否则用最新的。&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;h3&gt;raw_similarity(user_a, user_b)&lt;/h3&gt;&lt;p&gt;How alike two users move, from -1 to 1, by the newest table of Embed tracks in the project.&lt;/p&gt;</source>
      <translation>&lt;h3&gt;raw_similarity(user_a, user_b)&lt;/h3&gt;&lt;p&gt;两个用户的移动有多相似，从 -1 到 1，依据项目中最新的“嵌入轨迹”表。&lt;/p&gt;</translation>
    </message>
    <message>
      <source>A CSV or Parquet file. For a folder (GeoLife, many files) write or paste its path.</source>
      <translation>CSV 或 Parquet 文件。如为文件夹（GeoLife、多个文件），请输入或粘贴其路径。</translation>
    </message>
    <message>
      <source>A Shapefile cuts names of fields to ten letters: {names}. A GeoPackage keeps them.</source>
      <translation>Shapefile 会把字段名截成十个字符：{names}。GeoPackage 会保留它们。</translation>
    </message>
    <message>
      <source>A bundle's folder, the card.json in it, or its .zip. Empty: the model that comes with RAW.</source>
      <translation>模型包的文件夹、其中的 card.json，或其 .zip。留空：随 RAW 提供的模型。</translation>
    </message>
    <message>
      <source>A label is of a</source>
      <translation>一个标签属于一个</translation>
    </message>
    <message>
      <source>A model from nothing needs many tracks and hours. raw-nano is for trying things out.</source>
      <translation>从零开始的模型需要许多轨迹和许多小时。raw-nano 用于试验。</translation>
    </message>
    <message>
      <source>A region crossed by fewer distinct users gets no figure, so that nobody is exposed.</source>
      <translation>经过的不同用户少于此数的区域不给出数字，以免暴露任何人。</translation>
    </message>
    <message>
      <source>A region crossed by fewer distinct users is neither compared nor found.</source>
      <translation>经过的不同用户少于此数的区域既不比较也不列出。</translation>
    </message>
    <message>
      <source>A row of figures for each user, track or day, by which they can be compared, clustered or classified.</source>
      <translation>每个用户、轨迹或日一行数字，可用来比较、聚类或分类。</translation>
    </message>
    <message>
      <source>A running training goes on when this window or QGIS is closed.</source>
      <translation>关闭此窗口或 QGIS 后，正在进行的训练会继续。</translation>
    </message>
    <message>
      <source>A running training goes on, also when QGIS is closed.</source>
      <translation>正在进行的训练会继续，即使关闭 QGIS。</translation>
    </message>
    <message>
      <source>A step ahead</source>
      <translation>前进一步</translation>
    </message>
    <message>
      <source>A step back</source>
      <translation>后退一步</translation>
    </message>
    <message>
      <source>A table with an id and the label for each user, track or day; for regions, their polygons.</source>
      <translation>一张表，含每个用户、轨迹或日的 id 和标签；若为区域，则为其多边形。</translation>
    </message>
    <message>
      <source>A user crossed a region</source>
      <translation>何为用户经过区域</translation>
    </message>
    <message>
      <source>All labels are equal: there is nothing to learn.</source>
      <translation>所有标签都相同：没有可学的。</translation>
    </message>
    <message>
      <source>All that the model needs.</source>
      <translation>模型所需的都已具备。</translation>
    </message>
    <message>
      <source>Also what training needs</source>
      <translation>训练所需的也安装</translation>
    </message>
    <message>
      <source>Asking ONNX Runtime, and timing the model on every device …</source>
      <translation>正在询问 ONNX Runtime，并在每个设备上测试模型用时……</translation>
    </message>
    <message>
      <source>Automatic: the graphics card where it can</source>
      <translation>自动：能用显卡时用显卡</translation>
    </message>
    <message>
      <source>Back</source>
      <translation>上一步</translation>
    </message>
    <message>
      <source>Backtest</source>
      <translation>回测</translation>
    </message>
    <message>
      <source>Backtest forecasts</source>
      <translation>回测预测</translation>
    </message>
    <message>
      <source>Backtest…</source>
      <translation>回测……</translation>
    </message>
    <message>
      <source>Begin with</source>
      <translation>起点</translation>
    </message>
    <message>
      <source>Boardings</source>
      <translation>上车人次</translation>
    </message>
    <message>
      <source>Box</source>
      <translation>矩形</translation>
    </message>
    <message>
      <source>Cache of embeddings</source>
      <translation>嵌入缓存</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>取消</translation>
    </message>
    <message>
      <source>Cancel and delete</source>
      <translation>取消并删除</translation>
    </message>
    <message>
      <source>Cancel the installation</source>
      <translation>取消安装</translation>
    </message>
    <message>
      <source>Cancelled.</source>
      <translation>已取消。</translation>
    </message>
    <message>
      <source>Card</source>
      <translation>说明卡</translation>
    </message>
    <message>
      <source>Checking RAW's packages</source>
      <translation>正在检查 RAW 的软件包</translation>
    </message>
    <message>
      <source>Checking the models …</source>
      <translation>正在检查模型……</translation>
    </message>
    <message>
      <source>Checking {name} …</source>
      <translation>正在检查 {name}……</translation>
    </message>
    <message>
      <source>Choose a layer of fixes (points with a time) or of lines with M values.</source>
      <translation>请选择定位点图层（带时间的点）或带 M 值的线图层。</translation>
    </message>
    <message>
      <source>Choose a layer of points with a time, or of lines with M values.</source>
      <translation>请选择带时间的点图层，或带 M 值的线图层。</translation>
    </message>
    <message>
      <source>Choose a layer of tracks</source>
      <translation>请选择轨迹图层</translation>
    </message>
    <message>
      <source>Choose the field with the time.</source>
      <translation>请选择时间字段。</translation>
    </message>
    <message>
      <source>Choose the folder that holds the wheels.</source>
      <translation>请选择存放 wheel 的文件夹。</translation>
    </message>
    <message>
      <source>Choose the layer of tracks at the top. The fields for user, track and time are guessed; what was read is shown: how many users, from when to when, how often.</source>
      <translation>在顶部选择轨迹图层。用户、轨迹和时间字段会自动猜测，并显示读到的内容：多少用户、起止时间、采样间隔。</translation>
    </message>
    <message>
      <source>Choose the layer or table with the labels, its id field and its label field.</source>
      <translation>请选择含标签的图层或表，及其 id 字段和标签字段。</translation>
    </message>
    <message>
      <source>Choose two regions in the list to see them side by side</source>
      <translation>在列表中选择两个区域以并排查看</translation>
    </message>
    <message>
      <source>Click a track on the map</source>
      <translation>在地图上点击一条轨迹</translation>
    </message>
    <message>
      <source>Click a track on the map to see whose it is and what it says.</source>
      <translation>在地图上点击一条轨迹，查看它属于谁、说明什么。</translation>
    </message>
    <message>
      <source>Click one</source>
      <translation>点选</translation>
    </message>
    <message>
      <source>Click the corners. Right click closes the region, Backspace takes back a corner, Esc stops.</source>
      <translation>逐个点击角点。右键闭合区域，退格键撤回一个角点，Esc 停止。</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>关闭</translation>
    </message>
    <message>
      <source>Commuter</source>
      <translation>通勤者</translation>
    </message>
    <message>
      <source>Compare</source>
      <translation>比较</translation>
    </message>
    <message>
      <source>Compare regions</source>
      <translation>比较区域</translation>
    </message>
    <message>
      <source>Compare with</source>
      <translation>与之比较</translation>
    </message>
    <message>
      <source>Comparing</source>
      <translation>正在比较</translation>
    </message>
    <message>
      <source>Comparing with the model before, on people held out</source>
      <translation>正在用留出的人与之前的模型比较</translation>
    </message>
    <message>
      <source>Contents</source>
      <translation>目录</translation>
    </message>
    <message>
      <source>Copied to the clipboard.</source>
      <translation>已复制到剪贴板。</translation>
    </message>
    <message>
      <source>Copy</source>
      <translation>复制</translation>
    </message>
    <message>
      <source>Counting the labels …</source>
      <translation>正在统计标签……</translation>
    </message>
    <message>
      <source>Data</source>
      <translation>数据</translation>
    </message>
    <message>
      <source>Date and time, ISO text, or epoch seconds, ms or µs.</source>
      <translation>日期时间、ISO 文本，或以秒、毫秒、微秒计的纪元时间。</translation>
    </message>
    <message>
      <source>Days</source>
      <translation>日</translation>
    </message>
    <message>
      <source>Default model</source>
      <translation>默认模型</translation>
    </message>
    <message>
      <source>Delete</source>
      <translation>删除</translation>
    </message>
    <message>
      <source>Delete RAW's packages ({megabytes} MB)? QGIS and other plugins keep theirs.</source>
      <translation>删除 RAW 的软件包（{megabytes} MB）？QGIS 和其他插件的不受影响。</translation>
    </message>
    <message>
      <source>Delete one of your own models</source>
      <translation>删除您自己的一个模型</translation>
    </message>
    <message>
      <source>Delete the model '{name}'? It cannot be brought back.</source>
      <translation>删除模型“{name}”？无法恢复。</translation>
    </message>
    <message>
      <source>Delete the run</source>
      <translation>删除运行</translation>
    </message>
    <message>
      <source>Delete this run, with its copy of the tracks and what it has trained?</source>
      <translation>删除此运行，包括轨迹副本和训练结果？</translation>
    </message>
    <message>
      <source>Deletes what RAW remembers of tracks it has read. Layers and models stay.</source>
      <translation>删除 RAW 所记住的已读轨迹信息。图层和模型保留。</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>设备</translation>
    </message>
    <message>
      <source>Device really used</source>
      <translation>实际使用的设备</translation>
    </message>
    <message>
      <source>Diagnostics…</source>
      <translation>诊断……</translation>
    </message>
    <message>
      <source>Do not rely on what is not in_domain: {text}.</source>
      <translation>不要依赖 in_domain 为假的行：{text}。</translation>
    </message>
    <message>
      <source>Done. RAW is ready: no restart is needed.</source>
      <translation>完成。RAW 已就绪：无需重新启动。</translation>
    </message>
    <message>
      <source>Double click a name to change it</source>
      <translation>双击名称可修改</translation>
    </message>
    <message>
      <source>Drag a box on the map.</source>
      <translation>在地图上拖出一个矩形。</translation>
    </message>
    <message>
      <source>Draw</source>
      <translation>绘制</translation>
    </message>
    <message>
      <source>Draw a box</source>
      <translation>绘制矩形</translation>
    </message>
    <message>
      <source>Draw a region</source>
      <translation>绘制区域</translation>
    </message>
    <message>
      <source>Draw a region by its corners</source>
      <translation>逐个角点绘制区域</translation>
    </message>
    <message>
      <source>Draw a region on the map, or select polygons, to see who is there, when, and what it says.</source>
      <translation>在地图上绘制区域，或选择多边形，查看谁在那里、何时在、说明什么。</translation>
    </message>
    <message>
      <source>Draw regions, look at users, forecast: beside the map.</source>
      <translation>绘制区域、查看用户、预测：就在地图旁。</translation>
    </message>
    <message>
      <source>Drawn</source>
      <translation>手绘</translation>
    </message>
    <message>
      <source>Drawn regions</source>
      <translation>绘制的区域</translation>
    </message>
    <message>
      <source>Each is the mean of three or more people; forecasts there lean toward them. They tell where people went: leave them out of a model that you pass on.</source>
      <translation>每条都是三个或更多人的平均；当地的预测会向它们靠拢。它们透露了人们去过哪里：要转交给别人的模型请不要保留。</translation>
    </message>
    <message>
      <source>Embed tracks</source>
      <translation>嵌入轨迹</translation>
    </message>
    <message>
      <source>Embedding</source>
      <translation>正在嵌入</translation>
    </message>
    <message>
      <source>Embeddings</source>
      <translation>嵌入</translation>
    </message>
    <message>
      <source>Empty: a track where a track field is chosen (or INPUT has no users), else a user, after the last fix of all the user's tracks.</source>
      <translation>留空：选了轨迹字段（或 INPUT 没有用户）时为轨迹，否则为用户，从该用户全部轨迹的最后一个定位点之后开始。</translation>
    </message>
    <message>
      <source>Experimental (simulated data)</source>
      <translation>实验性（模拟数据）</translation>
    </message>
    <message>
      <source>Experimental: taught on simulated data only.</source>
      <translation>实验性：仅用模拟数据训练。</translation>
    </message>
    <message>
      <source>Export the model</source>
      <translation>导出模型</translation>
    </message>
    <message>
      <source>Export…</source>
      <translation>导出……</translation>
    </message>
    <message>
      <source>Failed</source>
      <translation>失败</translation>
    </message>
    <message>
      <source>Fewer people are not spoken of, not even by number.</source>
      <translation>人数更少时不作任何说明，连人数也不给。</translation>
    </message>
    <message>
      <source>Fewer than {n} people were seen in {area}, so nothing is shown: it could tell about one of them.</source>
      <translation>在 {area} 中见到的人少于 {n} 个，因此什么也不显示：否则可能暴露其中某人。</translation>
    </message>
    <message>
      <source>Fewest people to show a region</source>
      <translation>显示区域所需的最少人数</translation>
    </message>
    <message>
      <source>Fewest users to show a region</source>
      <translation>显示区域所需的最少用户数</translation>
    </message>
    <message>
      <source>Field to learn</source>
      <translation>要学习的字段</translation>
    </message>
    <message>
      <source>Field with the unit's id (empty: guessed)</source>
      <translation>单元 id 字段（留空：猜测）</translation>
    </message>
    <message>
      <source>Fields</source>
      <translation>字段</translation>
    </message>
    <message>
      <source>Fields: {fields}.</source>
      <translation>字段：{fields}。</translation>
    </message>
    <message>
      <source>Fields: {names}</source>
      <translation>字段：{names}</translation>
    </message>
    <message>
      <source>Figures are comparable only where both were measured on the same data: see the cards.</source>
      <translation>只有在相同数据上测得的数字才可比较：见说明卡。</translation>
    </message>
    <message>
      <source>Figures for polygons from the people who cross them, with intervals; few people are withheld.</source>
      <translation>由经过的人得出的多边形数字，带区间；人数少的不公布。</translation>
    </message>
    <message>
      <source>File or folder</source>
      <translation>文件或文件夹</translation>
    </message>
    <message>
      <source>Finished.</source>
      <translation>已完成。</translation>
    </message>
    <message>
      <source>Fits</source>
      <translation>放得下</translation>
    </message>
    <message>
      <source>Fixes</source>
      <translation>定位点</translation>
    </message>
    <message>
      <source>Fixes (points with a time), or lines whose M values are epoch seconds, in any CRS.</source>
      <translation>定位点（带时间的点），或 M 值为纪元秒的线，任意 CRS。</translation>
    </message>
    <message>
      <source>Folder of wheels</source>
      <translation>wheel 文件夹</translation>
    </message>
    <message>
      <source>Folds</source>
      <translation>份数</translation>
    </message>
    <message>
      <source>For vehicles that cross everything in a day or a week: who crosses a region says more in half an hour to two hours. The new label is then asked so too.</source>
      <translation>适用于一天或一周内几乎经过所有地方的车辆：谁经过一个区域，按半小时到两小时来看更能说明问题。新标签之后也按同样的方式回答。</translation>
    </message>
    <message>
      <source>Forecast</source>
      <translation>预测</translation>
    </message>
    <message>
      <source>Forecast areas</source>
      <translation>预测区域</translation>
    </message>
    <message>
      <source>Forecast error / simple method's: {0}, {1}</source>
      <translation>预测误差 / 简单方法的误差：{0}、{1}</translation>
    </message>
    <message>
      <source>Forecast positions</source>
      <translation>预测位置</translation>
    </message>
    <message>
      <source>Forecast tracks</source>
      <translation>预测轨迹</translation>
    </message>
    <message>
      <source>Forecast: areas</source>
      <translation>预测：区域</translation>
    </message>
    <message>
      <source>Forecast: points</source>
      <translation>预测：点</translation>
    </message>
    <message>
      <source>Forecast: tracks</source>
      <translation>预测：轨迹</translation>
    </message>
    <message>
      <source>Forecasting</source>
      <translation>正在预测</translation>
    </message>
    <message>
      <source>Forecasts of {n:,} users, {m:g} min ahead: half of them are within {a}, four fifths within {b}.</source>
      <translation>{n:,} 个用户 {m:g} 分钟后的预测：一半在 {a} 之内，五分之四在 {b} 之内。</translation>
    </message>
    <message>
      <source>Forget</source>
      <translation>清除</translation>
    </message>
    <message>
      <source>Format</source>
      <translation>格式</translation>
    </message>
    <message>
      <source>Fri</source>
      <translation>周五</translation>
    </message>
    <message>
      <source>Gathering typical ways of these places</source>
      <translation>正在汇总这些地方的典型走向</translation>
    </message>
    <message>
      <source>GeoLife folders, CSV and Parquet files as a layer of fixes with real times, cleaned and sorted.</source>
      <translation>将 GeoLife 文件夹、CSV 和 Parquet 文件读成带真实时间、经清理排序的定位点图层。</translation>
    </message>
    <message>
      <source>Give the new model a name.</source>
      <translation>请为新模型命名。</translation>
    </message>
    <message>
      <source>Go on</source>
      <translation>继续</translation>
    </message>
    <message>
      <source>Go on from where it was</source>
      <translation>从中断处继续</translation>
    </message>
    <message>
      <source>Go on pretraining</source>
      <translation>继续预训练</translation>
    </message>
    <message>
      <source>Go on pretraining '{name}'</source>
      <translation>继续预训练“{name}”</translation>
    </message>
    <message>
      <source>Go on pretraining on my tracks: how people move here. No labels needed.</source>
      <translation>用我的轨迹继续预训练：这里的人怎样移动。不需要标签。</translation>
    </message>
    <message>
      <source>Go on pretraining on your own tracks, or teach a new label from examples.</source>
      <translation>用您自己的轨迹继续预训练，或用例子教一个新标签。</translation>
    </message>
    <message>
      <source>Graphics card: {name}. The CUDA libraries are installed with ONNX Runtime (about {mb} MB).</source>
      <translation>显卡：{name}。CUDA 库会随 ONNX Runtime 一起安装（约 {mb} MB）。</translation>
    </message>
    <message>
      <source>HTML files (*.html)</source>
      <translation>HTML 文件 (*.html)</translation>
    </message>
    <message>
      <source>Hardware</source>
      <translation>硬件</translation>
    </message>
    <message>
      <source>Heads</source>
      <translation>任务头</translation>
    </message>
    <message>
      <source>Help</source>
      <translation>帮助</translation>
    </message>
    <message>
      <source>Hexagons</source>
      <translation>六边形</translation>
    </message>
    <message>
      <source>Horizon (minutes)</source>
      <translation>预测时长（分钟）</translation>
    </message>
    <message>
      <source>How far ahead</source>
      <translation>预测多远</translation>
    </message>
    <message>
      <source>How far ahead of the last fix.</source>
      <translation>距最后一个定位点多久之后。</translation>
    </message>
    <message>
      <source>How far off forecasts of these tracks would have been, by horizon, beside simple methods; in plain words.</source>
      <translation>这些轨迹的预测过去会偏差多远，按预测时长，与简单方法并列；用文字说明。</translation>
    </message>
    <message>
      <source>How far off on people held out, over a simple method's error. Under the line is better.</source>
      <translation>对留出的人的误差，除以简单方法的误差。线以下更好。</translation>
    </message>
    <message>
      <source>How far off on people held out.</source>
      <translation>对留出的人偏差多远。</translation>
    </message>
    <message>
      <source>How good such forecasts are on this layer's own past, beside simple methods</source>
      <translation>这类预测在此图层自己的过去上有多好，与简单方法并列</translation>
    </message>
    <message>
      <source>How many</source>
      <translation>多少个</translation>
    </message>
    <message>
      <source>How the error on people held out is shown</source>
      <translation>对留出的人的误差如何显示</translation>
    </message>
    <message>
      <source>How the users of a region are joined. sum is what the shipped model was trained with; mean ignores how many they are; share weighs each by its share of the fixes.</source>
      <translation>区域的用户如何合并。sum 是随附模型训练时所用；mean 不计人数；share 按各自定位点的份额加权。</translation>
    </message>
    <message>
      <source>IANA name such as UTC, Europe/Berlin or Asia/Shanghai. Times that carry a zone ignore it.</source>
      <translation>IANA 名称，如 UTC、Europe/Berlin 或 Asia/Shanghai。自带时区的时间不受影响。</translation>
    </message>
    <message>
      <source>INPUT has no {unit} with two usable fixes, so the output is empty.</source>
      <translation>INPUT 中没有含两个可用定位点的{unit}，因此输出为空。</translation>
    </message>
    <message>
      <source>Id field</source>
      <translation>id 字段</translation>
    </message>
    <message>
      <source>Id field of the regions (empty: guessed)</source>
      <translation>区域的 id 字段（留空：猜测）</translation>
    </message>
    <message>
      <source>Import a model</source>
      <translation>导入模型</translation>
    </message>
    <message>
      <source>Import folder…</source>
      <translation>导入文件夹……</translation>
    </message>
    <message>
      <source>Import tracks</source>
      <translation>导入轨迹</translation>
    </message>
    <message>
      <source>Import…</source>
      <translation>导入……</translation>
    </message>
    <message>
      <source>In {layer} they are the fields raw_…, a join of this project.</source>
      <translation>在 {layer} 中，它们是 raw_… 字段，即本项目中的连接。</translation>
    </message>
    <message>
      <source>Install</source>
      <translation>安装</translation>
    </message>
    <message>
      <source>Install it here…</source>
      <translation>在此安装……</translation>
    </message>
    <message>
      <source>Installing RAW's packages</source>
      <translation>正在安装 RAW 的软件包</translation>
    </message>
    <message>
      <source>Interrupted</source>
      <translation>已中断</translation>
    </message>
    <message>
      <source>It could not be measured: {why}</source>
      <translation>无法测量：{why}</translation>
    </message>
    <message>
      <source>Its heads are taught again afterwards, and those that no longer hold are dropped.</source>
      <translation>之后重新教各任务头，不再成立的会去掉。</translation>
    </message>
    <message>
      <source>Its value in the id field, such as Mission; or an expression that is true for it alone, such as "name" = 'Mission' or $id = 12.</source>
      <translation>它在 id 字段中的值，如 Mission；或仅对它为真的表达式，如 "name" = 'Mission' 或 $id = 12。</translation>
    </message>
    <message>
      <source>Keep it among your models and make it the default</source>
      <translation>存入您的模型并设为默认</translation>
    </message>
    <message>
      <source>Keep typical ways of these places in it</source>
      <translation>在其中保留这些地方的典型路径</translation>
    </message>
    <message>
      <source>Label</source>
      <translation>标签</translation>
    </message>
    <message>
      <source>Label all of them: a layer in the group</source>
      <translation>为全部打标签：结果为组中的一个图层</translation>
    </message>
    <message>
      <source>Label field</source>
      <translation>标签字段</translation>
    </message>
    <message>
      <source>Label of</source>
      <translation>标签对象</translation>
    </message>
    <message>
      <source>Labelling</source>
      <translation>正在打标签</translation>
    </message>
    <message>
      <source>Labels</source>
      <translation>标签</translation>
    </message>
    <message>
      <source>Labels are in</source>
      <translation>标签在</translation>
    </message>
    <message>
      <source>Labels for people, trips or days, from their tracks: commuter or not, mode of transport and more.</source>
      <translation>由轨迹得出的人、出行或日的标签：是否通勤者、交通方式等。</translation>
    </message>
    <message>
      <source>Last training: fixes, time, device</source>
      <translation>上次训练：定位点、用时、设备</translation>
    </message>
    <message>
      <source>Learning from where tracks went on before</source>
      <translation>正在学习轨迹以往的去向</translation>
    </message>
    <message>
      <source>Let the model read {n:,} users: {time} on the {device}</source>
      <translation>让模型读 {n:,} 个用户：在 {device} 上约 {time}</translation>
    </message>
    <message>
      <source>Look at this page first: it finds out what there is to train on.</source>
      <translation>请先看此页：它会找出有什么可训练。</translation>
    </message>
    <message>
      <source>Look at users</source>
      <translation>查看用户</translation>
    </message>
    <message>
      <source>Looking at the graphics card and trying the packages …</source>
      <translation>正在查看显卡并试用各软件包……</translation>
    </message>
    <message>
      <source>Looking at {n:,} regions</source>
      <translation>正在查看 {n:,} 个区域</translation>
    </message>
    <message>
      <source>Looking what there is …</source>
      <translation>正在查看有什么……</translation>
    </message>
    <message>
      <source>Measure for a second</source>
      <translation>测量一秒</translation>
    </message>
    <message>
      <source>Measuring {preset} on {device} …</source>
      <translation>正在 {device} 上测量 {preset}……</translation>
    </message>
    <message>
      <source>Metro trips</source>
      <translation>地铁出行</translation>
    </message>
    <message>
      <source>Metro user</source>
      <translation>地铁用户</translation>
    </message>
    <message>
      <source>Minutes at most</source>
      <translation>最多分钟数</translation>
    </message>
    <message>
      <source>Minutes of training</source>
      <translation>训练分钟数</translation>
    </message>
    <message>
      <source>Missing: {names}.</source>
      <translation>缺少：{names}。</translation>
    </message>
    <message>
      <source>Mode of trips</source>
      <translation>出行的交通方式</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>模型</translation>
    </message>
    <message>
      <source>Model bundle (empty: the one that comes with RAW)</source>
      <translation>模型包（留空：随 RAW 提供的）</translation>
    </message>
    <message>
      <source>Model bundles</source>
      <translation>模型包</translation>
    </message>
    <message>
      <source>Model to go on from</source>
      <translation>从哪个模型继续</translation>
    </message>
    <message>
      <source>Model {name}</source>
      <translation>模型 {name}</translation>
    </message>
    <message>
      <source>Models…</source>
      <translation>模型……</translation>
    </message>
    <message>
      <source>Mon</source>
      <translation>周一</translation>
    </message>
    <message>
      <source>More</source>
      <translation>更多</translation>
    </message>
    <message>
      <source>Most similar regions</source>
      <translation>最相似的区域</translation>
    </message>
    <message>
      <source>Most similar users</source>
      <translation>最相似的用户</translation>
    </message>
    <message>
      <source>Name of the new model</source>
      <translation>新模型的名称</translation>
    </message>
    <message>
      <source>Name of the question</source>
      <translation>问题的名称</translation>
    </message>
    <message>
      <source>Name of the task</source>
      <translation>任务的名称</translation>
    </message>
    <message>
      <source>Names with commas between them, such as: commuter. The log lists what the model has.</source>
      <translation>名称之间用逗号分隔，如：commuter。日志列出模型有哪些。</translation>
    </message>
    <message>
      <source>Names with commas between them, such as: poi_density.</source>
      <translation>名称之间用逗号分隔，如：poi_density。</translation>
    </message>
    <message>
      <source>New model</source>
      <translation>新模型</translation>
    </message>
    <message>
      <source>Next</source>
      <translation>下一步</translation>
    </message>
    <message>
      <source>No NVIDIA graphics card was found: the CPU does the work, which is enough.</source>
      <translation>未找到 NVIDIA 显卡：由 CPU 计算，这就够了。</translation>
    </message>
    <message>
      <source>No figure</source>
      <translation>无数字</translation>
    </message>
    <message>
      <source>No fix could be read.</source>
      <translation>未能读取任何定位点。</translation>
    </message>
    <message>
      <source>No fix lies in any region: the tracks cover {tracks}, the regions {regions}. Check both layers' CRS.</source>
      <translation>没有定位点在任何区域内：轨迹覆盖 {tracks}，区域覆盖 {regions}。请检查两个图层的 CRS。</translation>
    </message>
    <message>
      <source>No fix was skipped.</source>
      <translation>没有跳过定位点。</translation>
    </message>
    <message>
      <source>No hour of the week has {n} people or more.</source>
      <translation>一周中没有哪个小时有 {n} 人或更多。</translation>
    </message>
    <message>
      <source>No label can be shown without giving away fewer than {n} people.</source>
      <translation>显示任何标签都会暴露少于 {n} 人的群体。</translation>
    </message>
    <message>
      <source>No run yet.</source>
      <translation>还没有运行。</translation>
    </message>
    <message>
      <source>No track here: click nearer to one, or zoom in.</source>
      <translation>这里没有轨迹：请点得更近，或放大。</translation>
    </message>
    <message>
      <source>No user has two usable fixes.</source>
      <translation>没有用户有两个可用的定位点。</translation>
    </message>
    <message>
      <source>Nobody: none is more alike than any two users are.</source>
      <translation>没有：没有谁比任意两个用户更相似。</translation>
    </message>
    <message>
      <source>None: none is more alike than any two regions are.</source>
      <translation>无：没有比任意两个区域更相似的。</translation>
    </message>
    <message>
      <source>None: there is no place with a share of the time.</source>
      <translation>无：没有占到一定时间的地点。</translation>
    </message>
    <message>
      <source>Not read yet: press the arrow to read it.</source>
      <translation>尚未读取：按箭头读取。</translation>
    </message>
    <message>
      <source>Nothing is selected: select features of the layer, or forecast all.</source>
      <translation>未选择任何要素：请选择图层要素，或预测全部。</translation>
    </message>
    <message>
      <source>Number of fixes skipped</source>
      <translation>跳过的定位点数</translation>
    </message>
    <message>
      <source>Number of fixes used</source>
      <translation>使用的定位点数</translation>
    </message>
    <message>
      <source>Number of users</source>
      <translation>用户数</translation>
    </message>
    <message>
      <source>Of stretches of tracks, so that Score regions alone answers: {names}.</source>
      <translation>针对轨迹段，仅由“区域评分”回答：{names}。</translation>
    </message>
    <message>
      <source>Of times that are written without a zone; others ignore it.</source>
      <translation>用于没有写时区的时间；其他不受影响。</translation>
    </message>
    <message>
      <source>On Forecast, ask where a track may be in the next minutes. The inner area holds it in half of all cases, the outer one in four of five. Play it with the Temporal Controller.</source>
      <translation>在“预测”页询问轨迹今后几分钟可能在哪里。内圈在一半的情况下包含它，外圈在五次中有四次。用时态控制器播放。</translation>
    </message>
    <message>
      <source>On Regions, draw around a part of town: click corner by corner, right click closes, Esc gives up. Its scores appear at once. With ten people in all, lower the fewest people to 3 first.</source>
      <translation>在“区域”页绕一片城区绘制：逐个角点点击，右键闭合，Esc 放弃。得分立即出现。样例总共十人，请先把最少人数降到 3。</translation>
    </message>
    <message>
      <source>On Users, click a track: its labels with their probabilities, usual places blurred to a grid, and who moves alike. 'unknown' means that the model is not sure.</source>
      <translation>在“用户”页点击一条轨迹：带概率的标签、模糊到格网的常去地点，以及谁的移动相似。“unknown”表示模型没有把握。</translation>
    </message>
    <message>
      <source>One forecast every</source>
      <translation>每隔多久一个预测</translation>
    </message>
    <message>
      <source>One forecast every so many minutes, up to the horizon.</source>
      <translation>在预测时长内每隔若干分钟一个预测。</translation>
    </message>
    <message>
      <source>One forecast for each</source>
      <translation>每个什么一个预测</translation>
    </message>
    <message>
      <source>One forecast for each {unit}, from its last fix.</source>
      <translation>每个{unit}一个预测，从其最后一个定位点开始。</translation>
    </message>
    <message>
      <source>One result for each</source>
      <translation>每个什么一个结果</translation>
    </message>
    <message>
      <source>One row for each</source>
      <translation>每个什么一行</translation>
    </message>
    <message>
      <source>Only {n} labels: teaching takes at least ten.</source>
      <translation>只有 {n} 个标签：至少需要十个。</translation>
    </message>
    <message>
      <source>Open the report in the browser</source>
      <translation>在浏览器中打开报告</translation>
    </message>
    <message>
      <source>Open the sample project</source>
      <translation>打开样例项目</translation>
    </message>
    <message>
      <source>Package</source>
      <translation>软件包</translation>
    </message>
    <message>
      <source>Packages</source>
      <translation>软件包</translation>
    </message>
    <message>
      <source>Packages…</source>
      <translation>软件包……</translation>
    </message>
    <message>
      <source>Pause</source>
      <translation>暂停</translation>
    </message>
    <message>
      <source>People</source>
      <translation>人</translation>
    </message>
    <message>
      <source>People by hour of the week</source>
      <translation>一周各小时的人数</translation>
    </message>
    <message>
      <source>Plugins → RAW → Packages installs what is missing. Or by hand: {where} {command}, then start QGIS again.</source>
      <translation>插件 → RAW → 软件包 可安装所缺的软件包。也可手动：{where} {command}，然后重新启动 QGIS。</translation>
    </message>
    <message>
      <source>Points of interest</source>
      <translation>兴趣点</translation>
    </message>
    <message>
      <source>Polygons in any CRS.</source>
      <translation>任意 CRS 的多边形。</translation>
    </message>
    <message>
      <source>Polygons in any CRS; their own fields are kept.</source>
      <translation>任意 CRS 的多边形；保留其自身字段。</translation>
    </message>
    <message>
      <source>Pooling of users</source>
      <translation>用户的合并方式</translation>
    </message>
    <message>
      <source>Privacy</source>
      <translation>隐私</translation>
    </message>
    <message>
      <source>Profile users</source>
      <translation>用户画像</translation>
    </message>
    <message>
      <source>Profiles</source>
      <translation>画像</translation>
    </message>
    <message>
      <source>Profiling</source>
      <translation>正在画像</translation>
    </message>
    <message>
      <source>Question</source>
      <translation>问题</translation>
    </message>
    <message>
      <source>RAW</source>
      <translation>RAW</translation>
    </message>
    <message>
      <source>RAW can run the model. Training lacks {what}. To download: about {megabytes} MB.</source>
      <translation>RAW 可以运行模型。训练缺少 {what}。需下载：约 {megabytes} MB。</translation>
    </message>
    <message>
      <source>RAW cannot run the model yet: it lacks {what}. To download: about {megabytes} MB.</source>
      <translation>RAW 还不能运行模型：缺少 {what}。需下载：约 {megabytes} MB。</translation>
    </message>
    <message>
      <source>RAW diagnostics</source>
      <translation>RAW 诊断</translation>
    </message>
    <message>
      <source>RAW dock</source>
      <translation>RAW 面板</translation>
    </message>
    <message>
      <source>RAW has all that it needs to run the model. Training needs more: tick the box below.</source>
      <translation>RAW 已具备运行模型所需的一切。训练还需要更多：勾选下面的框。</translation>
    </message>
    <message>
      <source>RAW has all that it needs, to run the model and to train.</source>
      <translation>RAW 已具备运行模型和训练所需的一切。</translation>
    </message>
    <message>
      <source>RAW needs the Python package {names} in QGIS's own Python.</source>
      <translation>RAW 需要 QGIS 自带的 Python 中有 Python 软件包 {names}。</translation>
    </message>
    <message>
      <source>RAW needs the Python packages {names} in QGIS's own Python.</source>
      <translation>RAW 需要 QGIS 自带的 Python 中有 Python 软件包 {names}。</translation>
    </message>
    <message>
      <source>RAW: a short tour</source>
      <translation>RAW: 简短导览</translation>
    </message>
    <message>
      <source>RAW: counting labels</source>
      <translation>RAW: 统计标签</translation>
    </message>
    <message>
      <source>RAW: deleting a run</source>
      <translation>RAW: 删除运行</translation>
    </message>
    <message>
      <source>RAW: diagnostics</source>
      <translation>RAW: 诊断</translation>
    </message>
    <message>
      <source>RAW: help</source>
      <translation>RAW: 帮助</translation>
    </message>
    <message>
      <source>RAW: keeping a model</source>
      <translation>RAW: 保存模型</translation>
    </message>
    <message>
      <source>RAW: models</source>
      <translation>RAW: 模型</translation>
    </message>
    <message>
      <source>RAW: packages</source>
      <translation>RAW: 软件包</translation>
    </message>
    <message>
      <source>RAW: preparing a training</source>
      <translation>RAW: 准备训练</translation>
    </message>
    <message>
      <source>RAW: the sample, ten phones in Aracaju</source>
      <translation>RAW: 样例，阿拉卡茹的十部手机</translation>
    </message>
    <message>
      <source>RAW: train a model</source>
      <translation>RAW: 训练模型</translation>
    </message>
    <message>
      <source>REGIONS has no polygon, so the output is empty.</source>
      <translation>REGIONS 没有多边形，因此输出为空。</translation>
    </message>
    <message>
      <source>Read the layer again</source>
      <translation>重新读取图层</translation>
    </message>
    <message>
      <source>Read {fixes:,} fixes of {users:,} users in {tracks:,} tracks, from {first} to {last} UTC.</source>
      <translation>读取了 {users:,} 个用户的 {fixes:,} 个定位点，共 {tracks:,} 条轨迹，从 {first} 到 {last} UTC。</translation>
    </message>
    <message>
      <source>Reading</source>
      <translation>正在读取</translation>
    </message>
    <message>
      <source>Reading the tracks</source>
      <translation>正在读取轨迹</translation>
    </message>
    <message>
      <source>Reading the tracks …</source>
      <translation>正在读取轨迹……</translation>
    </message>
    <message>
      <source>Reading …</source>
      <translation>正在读取……</translation>
    </message>
    <message>
      <source>Region</source>
      <translation>区域</translation>
    </message>
    <message>
      <source>Region being drawn</source>
      <translation>正在绘制的区域</translation>
    </message>
    <message>
      <source>Region scores</source>
      <translation>区域得分</translation>
    </message>
    <message>
      <source>Region {n}</source>
      <translation>区域 {n}</translation>
    </message>
    <message>
      <source>Regions</source>
      <translation>区域</translation>
    </message>
    <message>
      <source>Regions by weekday and hours</source>
      <translation>按星期和时段的区域</translation>
    </message>
    <message>
      <source>Regions can be drawn when the model has read the users.</source>
      <translation>模型读完用户后即可绘制区域。</translation>
    </message>
    <message>
      <source>Regions with fewer people get no figures at all.</source>
      <translation>人数更少的区域完全不给出数字。</translation>
    </message>
    <message>
      <source>Regions: count each stretch of so many hours as a user</source>
      <translation>区域：把每段若干小时的轨迹算作一个用户</translation>
    </message>
    <message>
      <source>Remove</source>
      <translation>移除</translation>
    </message>
    <message>
      <source>Remove the model</source>
      <translation>移除模型</translation>
    </message>
    <message>
      <source>Remove…</source>
      <translation>移除……</translation>
    </message>
    <message>
      <source>Report</source>
      <translation>报告</translation>
    </message>
    <message>
      <source>Run</source>
      <translation>运行</translation>
    </message>
    <message>
      <source>Run again</source>
      <translation>再次运行</translation>
    </message>
    <message>
      <source>Running</source>
      <translation>运行中</translation>
    </message>
    <message>
      <source>Sat</source>
      <translation>周六</translation>
    </message>
    <message>
      <source>Score regions</source>
      <translation>区域评分</translation>
    </message>
    <message>
      <source>Scoring</source>
      <translation>正在评分</translation>
    </message>
    <message>
      <source>Select a feature of the layer of tracks first.</source>
      <translation>请先选择轨迹图层的一个要素。</translation>
    </message>
    <message>
      <source>Select polygons of a layer on the map first.</source>
      <translation>请先在地图上选择图层的多边形。</translation>
    </message>
    <message>
      <source>Selected</source>
      <translation>所选</translation>
    </message>
    <message>
      <source>Selected features only</source>
      <translation>仅所选要素</translation>
    </message>
    <message>
      <source>Similar regions</source>
      <translation>相似区域</translation>
    </message>
    <message>
      <source>Similar users</source>
      <translation>相似用户</translation>
    </message>
    <message>
      <source>Size</source>
      <translation>大小</translation>
    </message>
    <message>
      <source>Size of the model</source>
      <translation>模型大小</translation>
    </message>
    <message>
      <source>Size, parameters</source>
      <translation>大小、参数</translation>
    </message>
    <message>
      <source>Small letters, digits and _: the field of the results is called so.</source>
      <translation>小写字母、数字和 _：结果字段即用此名。</translation>
    </message>
    <message>
      <source>Solar time; full colour is {n:,} people; hatched: fewer than {k}.</source>
      <translation>太阳时；满色为 {n:,} 人；斜线：少于 {k}。</translation>
    </message>
    <message>
      <source>Speed</source>
      <translation>速度</translation>
    </message>
    <message>
      <source>Start again</source>
      <translation>重新开始</translation>
    </message>
    <message>
      <source>Start training</source>
      <translation>开始训练</translation>
    </message>
    <message>
      <source>State</source>
      <translation>状态</translation>
    </message>
    <message>
      <source>Step (minutes)</source>
      <translation>步长（分钟）</translation>
    </message>
    <message>
      <source>Stop now, to go on later, also after QGIS was closed</source>
      <translation>现在停止，以后继续，即使 QGIS 关闭过</translation>
    </message>
    <message>
      <source>Stop, and delete the run with its copy of the tracks</source>
      <translation>停止，并删除运行及其轨迹副本</translation>
    </message>
    <message>
      <source>Stopped. What was trained is kept in {folder}: go on with it, or delete it, in RAW's training.</source>
      <translation>已停止。训练结果保存在 {folder}：可在 RAW 的训练窗口中继续或删除。</translation>
    </message>
    <message>
      <source>Stopping …</source>
      <translation>正在停止……</translation>
    </message>
    <message>
      <source>Sun</source>
      <translation>周日</translation>
    </message>
    <message>
      <source>Take in a model bundle that is a folder</source>
      <translation>收入一个为文件夹的模型包</translation>
    </message>
    <message>
      <source>Take in a model bundle, a .zip; it is checked first</source>
      <translation>收入一个 .zip 模型包；先检查</translation>
    </message>
    <message>
      <source>Take the polygons that are selected on the map</source>
      <translation>取用地图上所选的多边形</translation>
    </message>
    <message>
      <source>Task {name}: </source>
      <translation>任务 {name}：</translation>
    </message>
    <message>
      <source>Tasks (empty: all that the model has)</source>
      <translation>任务（留空：模型所有的）</translation>
    </message>
    <message>
      <source>Teach '{task}'</source>
      <translation>教“{task}”</translation>
    </message>
    <message>
      <source>Teach a label</source>
      <translation>教一个标签</translation>
    </message>
    <message>
      <source>Teach a new label: a question about users or tracks, from examples.</source>
      <translation>教一个新标签：关于用户或轨迹的问题，由例子学习。</translation>
    </message>
    <message>
      <source>Teach the model a label of your own from some labelled users, tracks, days or regions.</source>
      <translation>用一些已标注的用户、轨迹、日或区域，教模型一个您自己的标签。</translation>
    </message>
    <message>
      <source>Teaching</source>
      <translation>正在教</translation>
    </message>
    <message>
      <source>Teaching the head {head} again</source>
      <translation>正在重新教任务头 {head}</translation>
    </message>
    <message>
      <source>Ten phones in Aracaju, Brazil, and a short tour.</source>
      <translation>巴西阿拉卡茹的十部手机，和一个简短导览。</translation>
    </message>
    <message>
      <source>Ten phones in Aracaju, Brazil: trips by car and bus as points with a time, and hexagons over the city. It is your own copy, and nothing leaves this machine.</source>
      <translation>巴西阿拉卡茹的十部手机：带时间的点，为汽车和公交出行，以及覆盖城市的六边形。这是您自己的副本，任何数据都不离开本机。</translation>
    </message>
    <message>
      <source>Testing</source>
      <translation>正在测试</translation>
    </message>
    <message>
      <source>The Python package {name} is installed but does not work: {error}. Plugins → RAW → Packages shows which packages are broken; remove them there and install again.</source>
      <translation>Python 软件包 {name} 已安装但无法使用：{error}。插件 → RAW → 软件包 会显示哪些软件包已损坏；请在那里移除并重新安装。</translation>
    </message>
    <message>
      <source>The RAW dock</source>
      <translation>RAW 面板</translation>
    </message>
    <message>
      <source>The chosen model has not looked at this region yet. If that was cancelled, read the layer again (button at the top).</source>
      <translation>所选模型尚未分析该区域。如果分析被取消，请重新读取图层（上方的按钮）。</translation>
    </message>
    <message>
      <source>The default</source>
      <translation>默认</translation>
    </message>
    <message>
      <source>The device that really does the work. </source>
      <translation>真正进行计算的设备。</translation>
    </message>
    <message>
      <source>The first figures come after some steps.</source>
      <translation>最初的数字在若干步之后出现。</translation>
    </message>
    <message>
      <source>The installation was cancelled.</source>
      <translation>安装已取消。</translation>
    </message>
    <message>
      <source>The layer has no field '{name}' any more: choose the user field again.</source>
      <translation>图层已没有字段“{name}”：请重新选择用户字段。</translation>
    </message>
    <message>
      <source>The learning rate falls over this time. The comparison afterwards takes some more.</source>
      <translation>学习率在此时间内下降。之后的比较还要一些时间。</translation>
    </message>
    <message>
      <source>The model has a task '{name}' already: in the copy the new one takes its place.</source>
      <translation>模型已有任务“{name}”：在副本中由新任务取代。</translation>
    </message>
    <message>
      <source>The model has no head for regions: counts alone.</source>
      <translation>模型没有区域任务头：只有计数。</translation>
    </message>
    <message>
      <source>The model has no head for users.</source>
      <translation>模型没有用户任务头。</translation>
    </message>
    <message>
      <source>The model is now among your models as '{name}', and used where no other is chosen.</source>
      <translation>模型现以“{name}”列于您的模型中，未另选模型时使用。</translation>
    </message>
    <message>
      <source>The model is {name}, the device {provider}.</source>
      <translation>模型为 {name}，设备为 {provider}。</translation>
    </message>
    <message>
      <source>The model learns one more answer, tried on examples left out, for at most this long.</source>
      <translation>模型多学一个答案，并在留出的样本上检验，最多用这么长时间。</translation>
    </message>
    <message>
      <source>The model reads the users</source>
      <translation>模型正在读取用户</translation>
    </message>
    <message>
      <source>The model that comes with RAW and your own: cards, import, export, compare.</source>
      <translation>随 RAW 提供的模型和您自己的：说明卡、导入、导出、比较。</translation>
    </message>
    <message>
      <source>The model that comes with RAW is a {own}, so a {preset} begins anew.</source>
      <translation>随 RAW 提供的模型是 {own}，因此 {preset} 从头开始。</translation>
    </message>
    <message>
      <source>The model to go on from. It stays as it is: what comes out is a new one.</source>
      <translation>从哪个模型继续。它保持不变：得到的是新模型。</translation>
    </message>
    <message>
      <source>The name takes small letters, digits and _, such as: commuter.</source>
      <translation>名称只用小写字母、数字和 _，如：commuter。</translation>
    </message>
    <message>
      <source>The network</source>
      <translation>网络</translation>
    </message>
    <message>
      <source>The people who move most like one of them, with the reasons in words.</source>
      <translation>与其中一人移动最相似的人，附文字理由。</translation>
    </message>
    <message>
      <source>The places that are used most like one of them, by the people who cross them; the reasons in words.</source>
      <translation>由经过的人看，与其中一地用法最相似的地点；附文字理由。</translation>
    </message>
    <message>
      <source>The record is cut into so many parts of time, and about as much is asked from each.</source>
      <translation>记录按时间分成若干份，从每份中提问的数量大致相同。</translation>
    </message>
    <message>
      <source>The region lies outside what the map's CRS can express. Draw it elsewhere.</source>
      <translation>该区域超出了地图 CRS 能表达的范围。请在别处绘制。</translation>
    </message>
    <message>
      <source>The region to compare with</source>
      <translation>要比较的区域</translation>
    </message>
    <message>
      <source>The regions' ids are from the field {name}.</source>
      <translation>区域的 id 来自字段 {name}。</translation>
    </message>
    <message>
      <source>The regions' ids are their feature ids.</source>
      <translation>区域的 id 是其要素 id。</translation>
    </message>
    <message>
      <source>The regions' own field {a} is called {b} in the output.</source>
      <translation>区域自身的字段 {a} 在输出中名为 {b}。</translation>
    </message>
    <message>
      <source>The result has so many rows, or one less than there are units where these are fewer.</source>
      <translation>结果有这么多行；单元更少时为单元数减一。</translation>
    </message>
    <message>
      <source>The same is in the toolbar and in the Processing toolbox, for layers of your own, in batches and in models. Import tracks reads folders and files. Help is in every window.</source>
      <translation>同样的功能在工具栏和“处理”工具箱中，可用于您自己的图层、批处理和模型。“导入轨迹”读取文件夹和文件。每个窗口都有帮助。</translation>
    </message>
    <message>
      <source>The sample</source>
      <translation>样例</translation>
    </message>
    <message>
      <source>The style of {layer} failed: {error}</source>
      <translation>图层 {layer} 的样式失败：{error}</translation>
    </message>
    <message>
      <source>The tracks to learn from. They stay on this machine; a copy lies in the run's folder until it is done.</source>
      <translation>用来学习的轨迹。它们留在本机；运行文件夹中有一份副本，直到完成。</translation>
    </message>
    <message>
      <source>The user of the selected feature</source>
      <translation>所选要素的用户</translation>
    </message>
    <message>
      <source>The user to compare with</source>
      <translation>要比较的用户</translation>
    </message>
    <message>
      <source>The user's id, as it stands in the user field.</source>
      <translation>用户的 id，与用户字段中一致。</translation>
    </message>
    <message>
      <source>There is no folder to keep embeddings in: {error}</source>
      <translation>没有可存放嵌入的文件夹：{error}</translation>
    </message>
    <message>
      <source>There is no track of two fixes to forecast.</source>
      <translation>没有含两个定位点的轨迹可供预测。</translation>
    </message>
    <message>
      <source>There is no user '{name}' with two usable fixes.</source>
      <translation>没有含两个可用定位点的用户“{name}”。</translation>
    </message>
    <message>
      <source>There is nothing to test on.</source>
      <translation>没有可测试的内容。</translation>
    </message>
    <message>
      <source>They are in use and go when QGIS starts the next time.</source>
      <translation>它们正在使用，QGIS 下次启动时删除。</translation>
    </message>
    <message>
      <source>This can be sent to somebody who is asked for help. It holds no data of yours.</source>
      <translation>可将此内容发给帮助您的人。其中没有您的数据。</translation>
    </message>
    <message>
      <source>This model was refused: {why}</source>
      <translation>此模型被拒绝：{why}</translation>
    </message>
    <message>
      <source>Thu</source>
      <translation>周四</translation>
    </message>
    <message>
      <source>Time</source>
      <translation>时间</translation>
    </message>
    <message>
      <source>Time column (empty: guessed)</source>
      <translation>时间列（留空：猜测）</translation>
    </message>
    <message>
      <source>Time field</source>
      <translation>时间字段</translation>
    </message>
    <message>
      <source>Time field (empty: guessed)</source>
      <translation>时间字段（留空：猜测）</translation>
    </message>
    <message>
      <source>Time zone</source>
      <translation>时区</translation>
    </message>
    <message>
      <source>Time zone of times without one</source>
      <translation>未写时区的时间所用时区</translation>
    </message>
    <message>
      <source>Track</source>
      <translation>轨迹</translation>
    </message>
    <message>
      <source>Track column (empty: guessed)</source>
      <translation>轨迹列（留空：猜测）</translation>
    </message>
    <message>
      <source>Track field</source>
      <translation>轨迹字段</translation>
    </message>
    <message>
      <source>Track field (empty: guessed)</source>
      <translation>轨迹字段（留空：猜测）</translation>
    </message>
    <message>
      <source>Tracks</source>
      <translation>轨迹</translation>
    </message>
    <message>
      <source>Tracks of ten phones</source>
      <translation>十部手机的轨迹</translation>
    </message>
    <message>
      <source>Train a model…</source>
      <translation>训练模型……</translation>
    </message>
    <message>
      <source>Train for</source>
      <translation>训练时长</translation>
    </message>
    <message>
      <source>Train the model on with your own tracks, and see on people held out whether that made it better.</source>
      <translation>用您自己的轨迹继续训练模型，并在留出的人身上看是否变好。</translation>
    </message>
    <message>
      <source>Training</source>
      <translation>训练</translation>
    </message>
    <message>
      <source>Training: {left} left</source>
      <translation>训练：剩余 {left}</translation>
    </message>
    <message>
      <source>Transport mode</source>
      <translation>交通方式</translation>
    </message>
    <message>
      <source>Trip, journey or segment. Without it, or with the word none, a user is one track.</source>
      <translation>出行、旅程或路段。没有此字段或写 none 时，一个用户即一条轨迹。</translation>
    </message>
    <message>
      <source>Trips a day</source>
      <translation>每日出行次数</translation>
    </message>
    <message>
      <source>Tue</source>
      <translation>周二</translation>
    </message>
    <message>
      <source>Two words are a yes or no, more words are classes, numbers are learned as numbers.</source>
      <translation>两个词为是或否，更多词为类别，数字按数字学习。</translation>
    </message>
    <message>
      <source>Unknown: not sure</source>
      <translation>未知：不确定</translation>
    </message>
    <message>
      <source>Unlike the training data</source>
      <translation>与训练数据不同</translation>
    </message>
    <message>
      <source>Use as default</source>
      <translation>设为默认</translation>
    </message>
    <message>
      <source>Use this model</source>
      <translation>使用此模型</translation>
    </message>
    <message>
      <source>User</source>
      <translation>用户</translation>
    </message>
    <message>
      <source>User column (empty: guessed)</source>
      <translation>用户列（留空：猜测）</translation>
    </message>
    <message>
      <source>User field</source>
      <translation>用户字段</translation>
    </message>
    <message>
      <source>User field (empty: guessed)</source>
      <translation>用户字段（留空：猜测）</translation>
    </message>
    <message>
      <source>User {name}</source>
      <translation>用户 {name}</translation>
    </message>
    <message>
      <source>Users</source>
      <translation>用户</translation>
    </message>
    <message>
      <source>Users can be looked at when the model has read them.</source>
      <translation>模型读完后即可查看用户。</translation>
    </message>
    <message>
      <source>Usual places</source>
      <translation>常去地点</translation>
    </message>
    <message>
      <source>Version</source>
      <translation>版本</translation>
    </message>
    <message>
      <source>Versions, devices and a timed run of the model, to be copied with a click.</source>
      <translation>版本、设备和模型的一次计时运行，一键复制。</translation>
    </message>
    <message>
      <source>Wed</source>
      <translation>周三</translation>
    </message>
    <message>
      <source>Weekdays and hours</source>
      <translation>星期与时段</translation>
    </message>
    <message>
      <source>What RAW does and how.</source>
      <translation>RAW 做什么、怎么做。</translation>
    </message>
    <message>
      <source>What RAW needs beyond QGIS, what of it is missing, and its installation.</source>
      <translation>RAW 在 QGIS 之外需要什么、缺什么，以及安装。</translation>
    </message>
    <message>
      <source>What TARGET is looked up in, and what the result calls the regions by.</source>
      <translation>在哪里查找 TARGET，结果又如何称呼各区域。</translation>
    </message>
    <message>
      <source>What a row of the labels speaks of.</source>
      <translation>标签的一行所指为何。</translation>
    </message>
    <message>
      <source>What models are, and what is checked</source>
      <translation>什么是模型，检查什么</translation>
    </message>
    <message>
      <source>What the installation prints appears here.</source>
      <translation>安装过程的输出显示在这里。</translation>
    </message>
    <message>
      <source>What the model shall learn.</source>
      <translation>模型要学什么。</translation>
    </message>
    <message>
      <source>What the model was trained on, and how good it is</source>
      <translation>模型用什么训练过、有多好</translation>
    </message>
    <message>
      <source>What to use, one sentence a horizon</source>
      <translation>用哪个，每个预测时长一句话</translation>
    </message>
    <message>
      <source>Where no other model is chosen</source>
      <translation>在未另选模型之处</translation>
    </message>
    <message>
      <source>Where people are likely to be after their last fix, with areas that hold them in 50 and 80 % of cases.</source>
      <translation>人在最后一个定位点之后可能在哪里，附在 50 % 和 80 % 情况下包含其位置的区域。</translation>
    </message>
    <message>
      <source>Where to train. What is here is asked of the Python that trains.</source>
      <translation>在哪里训练。由训练所用的 Python 报告这里有什么。</translation>
    </message>
    <message>
      <source>Whether the label is worth using</source>
      <translation>该标签是否值得使用</translation>
    </message>
    <message>
      <source>Whether to use the new model</source>
      <translation>是否使用新模型</translation>
    </message>
    <message>
      <source>Who or what moved. Without such a field, or with the word none, all is one user.</source>
      <translation>谁或什么在移动。没有此字段或写 none 时，全部视为一个用户。</translation>
    </message>
    <message>
      <source>Withheld: fewer than {n} users</source>
      <translation>不公布：少于 {n} 个用户</translation>
    </message>
    <message>
      <source>Write it as a .zip, to pass it on</source>
      <translation>写成 .zip，以便传给他人</translation>
    </message>
    <message>
      <source>Writing</source>
      <translation>正在写入</translation>
    </message>
    <message>
      <source>Writing the report</source>
      <translation>正在写报告</translation>
    </message>
    <message>
      <source>Written: {path}</source>
      <translation>已写入：{path}</translation>
    </message>
    <message>
      <source>Your own data</source>
      <translation>您自己的数据</translation>
    </message>
    <message>
      <source>Zoom to a track and set the map's clock to its last fix</source>
      <translation>缩放到一条轨迹，并把地图时钟设为其最后一个定位点</translation>
    </message>
    <message>
      <source>[% coalesce(n_users, 'too few') %] people</source>
      <translation>[% coalesce(n_users, '过少') %] 人</translation>
    </message>
    <message>
      <source>[% n_points %] fixes</source>
      <translation>[% n_points %] 个定位点</translation>
    </message>
    <message>
      <source>a week</source>
      <translation>/周</translation>
    </message>
    <message>
      <source>a week of 10,000 people</source>
      <translation>/周（每 10,000 人）</translation>
    </message>
    <message>
      <source>about {n:.1f} h</source>
      <translation>约 {n:.1f} 小时</translation>
    </message>
    <message>
      <source>about {n} min</source>
      <translation>约 {n} 分钟</translation>
    </message>
    <message>
      <source>about {n} s</source>
      <translation>约 {n} 秒</translation>
    </message>
    <message>
      <source>accuracy</source>
      <translation>准确率</translation>
    </message>
    <message>
      <source>auto uses the graphics card where ONNX Runtime can, and says what it used.</source>
      <translation>auto 在 ONNX Runtime 能用显卡时使用显卡，并说明用了什么。</translation>
    </message>
    <message>
      <source>auto uses the graphics card where PyTorch can.</source>
      <translation>auto 在 PyTorch 能用显卡时使用显卡。</translation>
    </message>
    <message>
      <source>auto: told by what is there.</source>
      <translation>auto：由内容判断。</translation>
    </message>
    <message>
      <source>beside a simple method</source>
      <translation>与简单方法并列</translation>
    </message>
    <message>
      <source>bike</source>
      <translation>自行车</translation>
    </message>
    <message>
      <source>bus</source>
      <translation>公交车</translation>
    </message>
    <message>
      <source>car</source>
      <translation>小汽车</translation>
    </message>
    <message>
      <source>checking models</source>
      <translation>检查模型</translation>
    </message>
    <message>
      <source>day</source>
      <translation>日</translation>
    </message>
    <message>
      <source>does not work: {reason}</source>
      <translation>不能用：{reason}</translation>
    </message>
    <message>
      <source>elsewhere</source>
      <translation>其他地方</translation>
    </message>
    <message>
      <source>empty: the model that comes with RAW</source>
      <translation>留空：随 RAW 提供的模型</translation>
    </message>
    <message>
      <source>error / simple method's, people held out</source>
      <translation>误差 / 简单方法的误差，留出的人</translation>
    </message>
    <message>
      <source>error in metres, people held out</source>
      <translation>误差（米），留出的人</translation>
    </message>
    <message>
      <source>error over the baseline's on people unseen: </source>
      <translation>误差除以基线的误差，对未见过的人：</translation>
    </message>
    <message>
      <source>every day</source>
      <translation>每日</translation>
    </message>
    <message>
      <source>every track</source>
      <translation>每条轨迹</translation>
    </message>
    <message>
      <source>every user</source>
      <translation>每个用户</translation>
    </message>
    <message>
      <source>experimental</source>
      <translation>实验性</translation>
    </message>
    <message>
      <source>exporting a model</source>
      <translation>导出模型</translation>
    </message>
    <message>
      <source>failed</source>
      <translation>失败</translation>
    </message>
    <message>
      <source>fewer than {n} people</source>
      <translation>少于 {n} 人</translation>
    </message>
    <message>
      <source>finished</source>
      <translation>已完成</translation>
    </message>
    <message>
      <source>fixes: with a fix in it. segments: also where the straight way between two fixes (15 minutes and 5 km at most) leads through it.</source>
      <translation>fixes：其中有定位点。segments：两个定位点间的直线（最多 15 分钟、5 公里）穿过也算。</translation>
    </message>
    <message>
      <source>for training</source>
      <translation>训练用</translation>
    </message>
    <message>
      <source>from </source>
      <translation>从 </translation>
    </message>
    <message>
      <source>from PyPI</source>
      <translation>从 PyPI</translation>
    </message>
    <message>
      <source>from PyPI, and PyTorch without CUDA from pytorch.org (smaller)</source>
      <translation>从 PyPI，PyTorch 用 pytorch.org 的无 CUDA 版（较小）</translation>
    </message>
    <message>
      <source>from a folder of wheels (no network)</source>
      <translation>从 wheel 文件夹（无需网络）</translation>
    </message>
    <message>
      <source>frozen: stays as it is, a matter of minutes. tuned: is trained on, which takes some thousand labels; its other tasks are lost in the copy.</source>
      <translation>frozen：保持不变，只需几分钟。tuned：继续训练，需要几千个标签；副本中的其他任务会丢失。</translation>
    </message>
    <message>
      <source>importing a model</source>
      <translation>导入模型</translation>
    </message>
    <message>
      <source>in a terminal run</source>
      <translation>在终端中运行</translation>
    </message>
    <message>
      <source>in metres</source>
      <translation>以米计</translation>
    </message>
    <message>
      <source>interrupted</source>
      <translation>已中断</translation>
    </message>
    <message>
      <source>labels of one's own</source>
      <translation>自己的标签</translation>
    </message>
    <message>
      <source>loss</source>
      <translation>损失</translation>
    </message>
    <message>
      <source>mean absolute error</source>
      <translation>平均绝对误差</translation>
    </message>
    <message>
      <source>minutes ahead</source>
      <translation>分钟后</translation>
    </message>
    <message>
      <source>missing</source>
      <translation>缺少</translation>
    </message>
    <message>
      <source>motor vehicle</source>
      <translation>机动车</translation>
    </message>
    <message>
      <source>my model</source>
      <translation>我的模型</translation>
    </message>
    <message>
      <source>no</source>
      <translation>否</translation>
    </message>
    <message>
      <source>no data</source>
      <translation>无数据</translation>
    </message>
    <message>
      <source>no other</source>
      <translation>没有其他</translation>
    </message>
    <message>
      <source>none</source>
      <translation>无</translation>
    </message>
    <message>
      <source>nothing known</source>
      <translation>一无所知</translation>
    </message>
    <message>
      <source>nothing: random weights</source>
      <translation>无：随机权重</translation>
    </message>
    <message>
      <source>open the OSGeo4W Shell from the Start menu and run</source>
      <translation>从开始菜单打开 OSGeo4W Shell 并运行</translation>
    </message>
    <message>
      <source>or a user's name</source>
      <translation>或某个用户的名称</translation>
    </message>
    <message>
      <source>paused</source>
      <translation>已暂停</translation>
    </message>
    <message>
      <source>per day</source>
      <translation>/天</translation>
    </message>
    <message>
      <source>per km²</source>
      <translation>/km²</translation>
    </message>
    <message>
      <source>rail</source>
      <translation>轨道交通</translation>
    </message>
    <message>
      <source>rank {a} of {b}</source>
      <translation>第 {a} 名，共 {b}</translation>
    </message>
    <message>
      <source>raw-small suits a laptop; raw-base and larger need a graphics card. What comes with RAW begins anew in another size than raw-small; a model of your own keeps its size.</source>
      <translation>raw-small 适合笔记本电脑；raw-base 及更大的需要显卡。随 RAW 提供的模型若选 raw-small 以外的大小则重新开始；您自己的模型保持其大小。</translation>
    </message>
    <message>
      <source>raw_label: '{layer}' is no layer of profiles of users.</source>
      <translation>raw_label：“{layer}”不是用户画像图层。</translation>
    </message>
    <message>
      <source>raw_label: no profiles in the project have the task '{task}'.</source>
      <translation>raw_label：项目中没有含任务“{task}”的画像。</translation>
    </message>
    <message>
      <source>raw_label: the project has no profiles. Run RAW → Profile users first.</source>
      <translation>raw_label：项目中没有画像。请先运行 RAW → 用户画像。</translation>
    </message>
    <message>
      <source>raw_similarity: the project has no embeddings. Run RAW → Embed tracks, unit user, first.</source>
      <translation>raw_similarity：项目中没有嵌入。请先运行 RAW → 嵌入轨迹，单元为 user。</translation>
    </message>
    <message>
      <source>ready</source>
      <translation>就绪</translation>
    </message>
    <message>
      <source>region</source>
      <translation>区域</translation>
    </message>
    <message>
      <source>removing a model</source>
      <translation>移除模型</translation>
    </message>
    <message>
      <source>running</source>
      <translation>运行中</translation>
    </message>
    <message>
      <source>see its card</source>
      <translation>见其说明卡</translation>
    </message>
    <message>
      <source>shipped: the model that comes with RAW. none: begin anew. Or a bundle's folder or .zip.</source>
      <translation>shipped：随 RAW 提供的模型。none：从头开始。或模型包的文件夹或 .zip。</translation>
    </message>
    <message>
      <source>similarity to {target}</source>
      <translation>与 {target} 的相似度</translation>
    </message>
    <message>
      <source>simple method</source>
      <translation>简单方法</translation>
    </message>
    <message>
      <source>starting: PyTorch takes its time</source>
      <translation>正在启动：PyTorch 需要一些时间</translation>
    </message>
    <message>
      <source>step {step}: loss {loss:.3f}</source>
      <translation>第 {step} 步：损失 {loss:.3f}</translation>
    </message>
    <message>
      <source>the model has read {share:.0%} of the tracks</source>
      <translation>模型已读取 {share:.0%} 的轨迹</translation>
    </message>
    <message>
      <source>these tracks</source>
      <translation>这些轨迹</translation>
    </message>
    <message>
      <source>track</source>
      <translation>轨迹</translation>
    </message>
    <message>
      <source>tracks (trips)</source>
      <translation>轨迹（出行）</translation>
    </message>
    <message>
      <source>trained; calibrating the forecast areas</source>
      <translation>已训练；正在校准预测区域</translation>
    </message>
    <message>
      <source>tried on those left out of learning: {fold} of {of} times</source>
      <translation>在未用于学习的样本上检验：第 {fold} 次，共 {of} 次</translation>
    </message>
    <message>
      <source>user</source>
      <translation>用户</translation>
    </message>
    <message>
      <source>user: a point at the most visited place, snapped to a 500 m grid. track: its line. day: one result a user and day.</source>
      <translation>user：最常去地点的一个点，对齐到 500 米格网。track：轨迹线。day：每个用户每日一个结果。</translation>
    </message>
    <message>
      <source>user: all tracks of a user together. day: a user's day of mean solar time.</source>
      <translation>user：一个用户的全部轨迹合在一起。day：按平均太阳时计的用户的一日。</translation>
    </message>
    <message>
      <source>users</source>
      <translation>用户</translation>
    </message>
    <message>
      <source>walk</source>
      <translation>步行</translation>
    </message>
    <message>
      <source>warning: </source>
      <translation>警告：</translation>
    </message>
    <message>
      <source>withheld to protect fewer than {n} people</source>
      <translation>为保护少于 {n} 人而不显示</translation>
    </message>
    <message>
      <source>yes</source>
      <translation>是</translation>
    </message>
    <message>
      <source>{a} min ahead</source>
      <translation>{a} 分钟后</translation>
    </message>
    <message>
      <source>{a} to {b}</source>
      <translation>{a} 至 {b}</translation>
    </message>
    <message>
      <source>{a} to {b} min ahead</source>
      <translation>{a} 至 {b} 分钟后</translation>
    </message>
    <message>
      <source>{k} similar ones were asked for; there are {n} others to compare with.</source>
      <translation>要求 {k} 个相似的；只有 {n} 个其他的可比较。</translation>
    </message>
    <message>
      <source>{left} of training left</source>
      <translation>训练剩余 {left}</translation>
    </message>
    <message>
      <source>{m:g} min ahead: {a} in half, {b} in four fifths of cases</source>
      <translation>{m:g} 分钟后：一半情况 {a}，五分之四情况 {b}</translation>
    </message>
    <message>
      <source>{megabytes} MB</source>
      <translation>{megabytes} MB</translation>
    </message>
    <message>
      <source>{n:,.0f} fixes a second</source>
      <translation>每秒 {n:,.0f} 个定位点</translation>
    </message>
    <message>
      <source>{n:,} features. {fields}</source>
      <translation>{n:,} 个要素。{fields}</translation>
    </message>
    <message>
      <source>{n:,} fixes, {first} to {last} UTC</source>
      <translation>{n:,} 个定位点，{first} 至 {last} UTC</translation>
    </message>
    <message>
      <source>{n:,} labelled {unit}: </source>
      <translation>{n:,} 个已标注的{unit}：</translation>
    </message>
    <message>
      <source>{n:,} labelled: {name}.</source>
      <translation>已标注 {n:,} 个：{name}。</translation>
    </message>
    <message>
      <source>{n:,} of {all:,} fixes were skipped: {why}.</source>
      <translation>{all:,} 个定位点中跳过 {n:,} 个：{why}。</translation>
    </message>
    <message>
      <source>{n:,} people</source>
      <translation>{n:,} 人</translation>
    </message>
    <message>
      <source>{n:,} {unit} with numbers from {low:g} to {high:g}, median {middle:g}: the answer will be a number.</source>
      <translation>{n:,} 个{unit}，数值从 {low:g} 到 {high:g}，中位数 {middle:g}：答案将是数值。</translation>
    </message>
    <message>
      <source>{name} (comes with RAW)</source>
      <translation>{name}（随 RAW 提供）</translation>
    </message>
    <message>
      <source>{name} is used where no other model is chosen.</source>
      <translation>未另选模型时使用 {name}。</translation>
    </message>
    <message>
      <source>{name}, which comes with RAW</source>
      <translation>{name}，随 RAW 提供</translation>
    </message>
    <message>
      <source>{name}: refused</source>
      <translation>{name}：已拒绝</translation>
    </message>
    <message>
      <source>{n} % of cases lie inside</source>
      <translation>{n} % 的情况位于其内</translation>
    </message>
    <message>
      <source>{n} of {m} regions are left out: fewer than {k} users.</source>
      <translation>{m} 个区域中有 {n} 个略去：少于 {k} 个用户。</translation>
    </message>
    <message>
      <source>{n} of {m} regions are withheld: fewer than {k} users.</source>
      <translation>{m} 个区域中有 {n} 个不公布：少于 {k} 个用户。</translation>
    </message>
    <message>
      <source>{people:,} people · {fixes:,} fixes · {area}</source>
      <translation>{people:,} 人 · {fixes:,} 个定位点 · {area}</translation>
    </message>
    <message>
      <source>{preset} does not fit into the memory of this device.</source>
      <translation>{preset} 超出此设备的内存。</translation>
    </message>
    <message>
      <source>{preset} sees about {speed:,.0f} fixes a second here: {seen:,.0f} in {minutes:g} minutes</source>
      <translation>{preset} 在此每秒约看 {speed:,.0f} 个定位点：{minutes:g} 分钟 {seen:,.0f} 个</translation>
    </message>
    <message>
      <source>{shares} of the time. Cells of {size:.0f} m on the map, not addresses.</source>
      <translation>时间的 {shares}。地图上 {size:.0f} 米的格子，不是地址。</translation>
    </message>
    <message>
      <source>{text}.</source>
      <translation>{text}。</translation>
    </message>
    <message>
      <source>{users:,} users, {fixes:,} fixes, {first} to {last} UTC</source>
      <translation>{users:,} 个用户，{fixes:,} 个定位点，{first} 至 {last} UTC</translation>
    </message>
    <message>
      <source>{what}: {share:.0%}, {left} left</source>
      <translation>{what}：{share:.0%}，剩余 {left}</translation>
    </message>
    <message>
      <source>⚠ Nearly the same people as {names}: the difference would speak of fewer than {n}. Do not publish both.</source>
      <translation>⚠ 与 {names} 几乎是同一批人：差值会暴露不足 {n} 人。不要同时公布两者。</translation>
    </message>
    <message>
      <source>⚠ Unlike what the model was trained on: {reasons}.</source>
      <translation>⚠ 与模型的训练数据不同：{reasons}。</translation>
    </message>
    <message>
      <source>⚠ Unlike what this was trained on: {reasons}.</source>
      <translation>⚠ 与此项的训练数据不同：{reasons}。</translation>
    </message>
  </context>
</TS>
