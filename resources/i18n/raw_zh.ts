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
      <source> (with different labels, left out: {n:,})</source>
      <translation>（标签不一致而未计入：{n:,}）</translation>
    </message>
    <message>
      <source> To see each once it takes {minutes:,.0f} minutes.</source>
      <translation> 全部看一遍需要 {minutes:,.0f} 分钟。</translation>
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
      <source>'{name}' was not made on this machine. It runs in a process of its own, on the CPU, with limits on time and memory. Do you know who made it, and shall it run without these limits?</source>
      <translation>“{name}”不是在本机上制作的。它在单独的进程中用 CPU 运行，时间和内存都受限制。您知道是谁制作的吗？要解除这些限制吗？</translation>
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
      <source>1 fix</source>
      <translation>1 个定位点</translation>
    </message>
    <message>
      <source>1 person</source>
      <translation>1 人</translation>
    </message>
    <message>
      <source>1 track</source>
      <translation>1 条轨迹</translation>
    </message>
    <message>
      <source>1 user</source>
      <translation>1 个用户</translation>
    </message>
    <message>
      <source>1: moves the same way; 0: as similar as two users of this layer usually are</source>
      <translation>1：移动方式相同；0：与此图层中一般两个用户的相似程度相当</translation>
    </message>
    <message>
      <source>95 % interval</source>
      <translation>95 % 区间</translation>
    </message>
    <message>
      <source>&lt;b&gt;How far off it may be&lt;/b&gt; (median over the tracks)</source>
      <translation>&lt;b&gt;可能的误差&lt;/b&gt;（各轨迹的中位数）</translation>
    </message>
    <message>
      <source>&lt;b&gt;Paused.&lt;/b&gt; Resume it now or another day.</source>
      <translation>&lt;b&gt;已暂停。&lt;/b&gt;可现在恢复，也可改天再恢复。</translation>
    </message>
    <message>
      <source>&lt;b&gt;Which field names the users?&lt;/b&gt; None is known by its name, and RAW compares users.</source>
      <translation>&lt;b&gt;哪个字段标识用户？&lt;/b&gt;从名称上认不出，而 RAW 要比较用户。</translation>
    </message>
    <message>
      <source>&lt;b&gt;not distinguishable&lt;/b&gt;: the intervals overlap</source>
      <translation>&lt;b&gt;无法区分&lt;/b&gt;：区间重叠</translation>
    </message>
    <message>
      <source>&lt;b&gt;unknown&lt;/b&gt;</source>
      <translation>&lt;b&gt;未知&lt;/b&gt;</translation>
    </message>
    <message>
      <source>&lt;b&gt;unknown&lt;/b&gt;: the likeliest answer has {p:.0%} only</source>
      <translation>&lt;b&gt;未知&lt;/b&gt;：最可能的答案也只有 {p:.0%}</translation>
    </message>
    <message>
      <source>&lt;h3&gt;raw_label(user, task, [layer])&lt;/h3&gt;&lt;p&gt;The answer of RAW's profiles of users, such as raw_label("user_id", 'commuter'). layer: the name or id of the profiles; else the newest.&lt;/p&gt;</source>
      <translation>&lt;h3&gt;raw_label(user, task, [layer])&lt;/h3&gt;&lt;p&gt;RAW 用户画像给某个用户的标签，例如 raw_label("user_id", 'commuter')。layer：画像图层的名称或 id；省略时使用最新的画像图层。&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;h3&gt;raw_similarity(user_a, user_b)&lt;/h3&gt;&lt;p&gt;How alike two users move, from -1 to 1, by the newest table of Embed tracks in the project.&lt;/p&gt;</source>
      <translation>&lt;h3&gt;raw_similarity(user_a, user_b)&lt;/h3&gt;&lt;p&gt;两个用户移动方式的相似度，从 -1 到 1，依据项目中最新的轨迹嵌入表。&lt;/p&gt;</translation>
    </message>
    <message>
      <source>A PNG file, 300 dots an inch</source>
      <translation>PNG 文件，300 dpi</translation>
    </message>
    <message>
      <source>A Shapefile cuts names of fields to ten letters: {names}. A GeoPackage keeps them.</source>
      <translation>Shapefile 会把字段名截短到十个字符：{names}。GeoPackage 则完整保留。</translation>
    </message>
    <message>
      <source>A bundle's folder, the card.json in it, or its .zip. Empty: the model that comes with RAW.</source>
      <translation>模型包的文件夹、其中的 card.json，或其 .zip。留空：随 RAW 提供的模型。</translation>
    </message>
    <message>
      <source>A colour for each user</source>
      <translation>每个用户一种颜色</translation>
    </message>
    <message>
      <source>A file of positions. For a folder (GeoLife, many files) write or paste its path.</source>
      <translation>位置数据文件。如为文件夹（GeoLife、多个文件），请输入或粘贴其路径。</translation>
    </message>
    <message>
      <source>A label describes a</source>
      <translation>标签描述的是</translation>
    </message>
    <message>
      <source>A label ends by itself, after {minutes:g} minutes at the latest.</source>
      <translation>标签训练会自行结束，最多 {minutes:g} 分钟。</translation>
    </message>
    <message>
      <source>A model from nothing needs many tracks and hours. raw-nano is for trying things out.</source>
      <translation>从零开始训练需要大量轨迹和许多小时。raw-nano 仅供试用。</translation>
    </message>
    <message>
      <source>A page with title, legend, scale and notes, as PDF, as picture or to edit.</source>
      <translation>带标题、图例、比例尺和说明的一页地图，可存为 PDF 或图片，也可继续编辑。</translation>
    </message>
    <message>
      <source>A prototype is the mean movement of ten or more people at one place. Forecasts there may improve, but whoever has the model sees where people went.</source>
      <translation>原型是某一地点十人或更多人的平均移动。那里的预测可能会改进，但得到模型的人能看到人们去过哪里。</translation>
    </message>
    <message>
      <source>A region crossed by fewer distinct users gets no figure, so that nobody is exposed.</source>
      <translation>经过的不同用户少于此数的区域不给出数值，以免暴露任何人。</translation>
    </message>
    <message>
      <source>A region crossed by fewer distinct users is neither compared nor found.</source>
      <translation>经过的不同用户少于此数的区域不参与比较，也不会出现在结果中。</translation>
    </message>
    <message>
      <source>A row of figures for each user, track or day, by which they can be compared, clustered or classified.</source>
      <translation>每个用户、轨迹或每天一行数值，可用于比较、聚类或分类。</translation>
    </message>
    <message>
      <source>A running training continues when this window or QGIS is closed.</source>
      <translation>关闭此窗口或 QGIS 后，正在进行的训练会继续。</translation>
    </message>
    <message>
      <source>A running training continues, also when QGIS is closed.</source>
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
      <source>A table has no .shp file: it is {file}, which QGIS does not load.</source>
      <translation>表格没有 .shp 文件：它是 {file}，QGIS 不会加载它。</translation>
    </message>
    <message>
      <source>A table with an id and the label for each user, track or day; for regions, their polygons.</source>
      <translation>包含每个用户、轨迹或每天的 id 和标签的表；若标签针对区域，则为区域多边形图层。</translation>
    </message>
    <message>
      <source>A table with the labels, such as a CSV file: it becomes a layer of the project</source>
      <translation>含标签的表，如 CSV 文件：会成为项目中的一个图层</translation>
    </message>
    <message>
      <source>A user crossed a region</source>
      <translation>用户经过区域的判定</translation>
    </message>
    <message>
      <source>About {n:,} rows. </source>
      <translation>约 {n:,} 行。 </translation>
    </message>
    <message>
      <source>About {total:,.0f} minutes in all: {minutes:g} of training, then about {more:,.0f} to calibrate its areas, compare it with the model before, and teach the heads again.</source>
      <translation>总共约 {total:,.0f} 分钟：训练 {minutes:g} 分钟，之后约 {more:,.0f} 分钟用于校准预测区域、与之前的模型比较，并重新教各任务头。</translation>
    </message>
    <message>
      <source>Accuracy of such forecasts on the past of this layer, compared with simple methods</source>
      <translation>用此图层过去的数据检验这类预测的精度，并与简单方法比较</translation>
    </message>
    <message>
      <source>All are one user's</source>
      <translation>全部属于同一用户</translation>
    </message>
    <message>
      <source>All files</source>
      <translation>所有文件</translation>
    </message>
    <message>
      <source>All labels are equal: there is nothing to learn.</source>
      <translation>所有标签都相同，没有可学习的内容。</translation>
    </message>
    <message>
      <source>All methods…</source>
      <translation>所有方法…</translation>
    </message>
    <message>
      <source>All packages that training needs are installed.</source>
      <translation>训练所需的软件包均已安装。</translation>
    </message>
    <message>
      <source>All that the model needs.</source>
      <translation>模型所需的一切都已具备。</translation>
    </message>
    <message>
      <source>Also answer with experimental heads, which only simulation supports</source>
      <translation>同时使用仅有模拟数据支持的实验性任务</translation>
    </message>
    <message>
      <source>Also answer with heads that only simulation supports</source>
      <translation>同时使用仅有模拟数据支持的任务</translation>
    </message>
    <message>
      <source>Also what FIT and GTFS-realtime files need</source>
      <translation>同时安装 FIT 和 GTFS-realtime 文件所需的软件包</translation>
    </message>
    <message>
      <source>Also what training needs</source>
      <translation>同时安装训练所需的软件包</translation>
    </message>
    <message>
      <source>Animation…</source>
      <translation>动画…</translation>
    </message>
    <message>
      <source>Area, km²</source>
      <translation>面积，km²</translation>
    </message>
    <message>
      <source>As it is read.</source>
      <translation>读取后的值。</translation>
    </message>
    <message>
      <source>As it is written in the file.</source>
      <translation>文件中的原样。</translation>
    </message>
    <message>
      <source>At most so many likely paths for each track, each with its probability.</source>
      <translation>每条轨迹最多给出这么多条可能路径，每条附概率。</translation>
    </message>
    <message>
      <source>Automatic: the graphics card where it can</source>
      <translation>自动：尽可能使用显卡</translation>
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
      <source>Basemap</source>
      <translation>底图</translation>
    </message>
    <message>
      <source>Basemap: © OpenStreetMap contributors ({address})</source>
      <translation>底图：© OpenStreetMap 贡献者（{address}）</translation>
    </message>
    <message>
      <source>Before</source>
      <translation>早于</translation>
    </message>
    <message>
      <source>Before you publish the drawn regions</source>
      <translation>发布绘制的区域之前</translation>
    </message>
    <message>
      <source>Before you publish this map:</source>
      <translation>发布此地图之前：</translation>
    </message>
    <message>
      <source>Begin with</source>
      <translation>起始模型</translation>
    </message>
    <message>
      <source>Best simple method</source>
      <translation>最佳简单方法</translation>
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
      <source>CSV, Parquet, GPX, FIT, GTFS-realtime, Google Timeline, OwnTracks and GeoLife as a layer of fixes, cleaned and sorted.</source>
      <translation>将 CSV、Parquet、GPX、FIT、GTFS-realtime、Google Timeline、OwnTracks 和 GeoLife 读取为定位点图层，并清理和排序。</translation>
    </message>
    <message>
      <source>Cache of embeddings</source>
      <translation>嵌入缓存</translation>
    </message>
    <message>
      <source>Calibrating the forecast areas</source>
      <translation>正在校准预测区域</translation>
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
      <source>Cancelled. Nothing was written.</source>
      <translation>已取消。未写入任何内容。</translation>
    </message>
    <message>
      <source>Cancelling …</source>
      <translation>正在取消…</translation>
    </message>
    <message>
      <source>Card</source>
      <translation>说明卡</translation>
    </message>
    <message>
      <source>Check</source>
      <translation>检查</translation>
    </message>
    <message>
      <source>Check before publishing</source>
      <translation>发布前检查</translation>
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
      <source>Choose a file or a folder, or drop one on this window.</source>
      <translation>请选择文件或文件夹，或将其拖放到此窗口。</translation>
    </message>
    <message>
      <source>Choose a layer of fixes (points with a time) or of lines with M values, or drop a file here.</source>
      <translation>请选择定位点图层（带时间的点）或带 M 值的线图层，或将文件拖放到此处。</translation>
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
      <translation>在顶部选择轨迹图层。用户、轨迹和时间字段会自动识别，并显示读取结果：用户数、起止时间和采样间隔。</translation>
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
      <source>Click a track on the map to see whose it is, with labels and usual places.</source>
      <translation>在地图上点击一条轨迹，查看它属于谁、有哪些标签和常去地点。</translation>
    </message>
    <message>
      <source>Click one</source>
      <translation>点选一条</translation>
    </message>
    <message>
      <source>Click the corners of a region on the map; right click closes it.</source>
      <translation>在地图上逐个点击区域的角点；右键闭合。</translation>
    </message>
    <message>
      <source>Click the corners. Right click closes the region, Backspace takes back a corner, Esc stops.</source>
      <translation>逐个点击角点。右键闭合区域，退格键撤销一个角点，Esc 取消。</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>关闭</translation>
    </message>
    <message>
      <source>Collecting prototypes of these places</source>
      <translation>正在收集这些地方的移动原型</translation>
    </message>
    <message>
      <source>Colours</source>
      <translation>颜色</translation>
    </message>
    <message>
      <source>Columns with several values: {names}.</source>
      <translation>有多个不同值的列：{names}。</translation>
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
      <translation>对比模型</translation>
    </message>
    <message>
      <source>Comparing</source>
      <translation>正在比较</translation>
    </message>
    <message>
      <source>Comparing with the old model on held-out people</source>
      <translation>正在用留出的人员与旧模型比较</translation>
    </message>
    <message>
      <source>Contents</source>
      <translation>目录</translation>
    </message>
    <message>
      <source>Continue training</source>
      <translation>继续训练</translation>
    </message>
    <message>
      <source>Continue training on my tracks: how people move here. No labels needed.</source>
      <translation>用我的轨迹继续训练：学习这里的人如何移动。不需要标签。</translation>
    </message>
    <message>
      <source>Continue training on your own tracks, or teach a new label from examples.</source>
      <translation>用您自己的轨迹继续训练，或用样例教一个新标签。</translation>
    </message>
    <message>
      <source>Continue training the model on your own tracks, and test on held-out people whether it improved.</source>
      <translation>用您自己的轨迹继续训练模型，并在留出的人员上检验是否有改进。</translation>
    </message>
    <message>
      <source>Continue training: '{name}'</source>
      <translation>继续训练：“{name}”</translation>
    </message>
    <message>
      <source>Coordinate system of the columns</source>
      <translation>坐标列的坐标参考系</translation>
    </message>
    <message>
      <source>Coordinates</source>
      <translation>坐标</translation>
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
      <source>Corrected: {label}</source>
      <translation>已更正：{label}</translation>
    </message>
    <message>
      <source>Counting the labels …</source>
      <translation>正在统计标签……</translation>
    </message>
    <message>
      <source>Counts of this layer's devices have no interval: a small difference may be chance.</source>
      <translation>此图层中设备的计数没有区间：较小的差异可能只是偶然。</translation>
    </message>
    <message>
      <source>Data</source>
      <translation>数据</translation>
    </message>
    <message>
      <source>Data: {layer}: {summary}</source>
      <translation>数据：{layer}：{summary}</translation>
    </message>
    <message>
      <source>Date and time, ISO text, or epoch seconds, ms or µs.</source>
      <translation>日期时间、ISO 文本，或以秒、毫秒、微秒计的 Unix 时间。</translation>
    </message>
    <message>
      <source>Dates</source>
      <translation>日期</translation>
    </message>
    <message>
      <source>Days</source>
      <translation>每日</translation>
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
      <translation>删除模型“{name}”？删除后无法恢复。</translation>
    </message>
    <message>
      <source>Delete the run</source>
      <translation>删除此次运行</translation>
    </message>
    <message>
      <source>Delete this run, with its copy of the tracks and what it has trained?</source>
      <translation>删除此次运行，包括其轨迹副本和训练结果？</translation>
    </message>
    <message>
      <source>Deletes the embeddings of tracks that RAW has read. Layers and models stay.</source>
      <translation>删除 RAW 已读取轨迹的嵌入。图层和模型保留。</translation>
    </message>
    <message>
      <source>Delimiter</source>
      <translation>分隔符</translation>
    </message>
    <message>
      <source>Delimiter of text</source>
      <translation>文本分隔符</translation>
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
      <source>Diary</source>
      <translation>出行日记</translation>
    </message>
    <message>
      <source>Difference</source>
      <translation>差异</translation>
    </message>
    <message>
      <source>Differential privacy of persons: only people and visits are given, with random noise; the smaller, the more noise. 1 is usual. Every run spends its epsilon anew.</source>
      <translation>针对个人的差分隐私：只给出人数和到访次数，并加入随机噪声；数值越小，噪声越大。通常取 1。每次运行都会重新消耗 epsilon。</translation>
    </message>
    <message>
      <source>Distance (m)</source>
      <translation>距离（米）</translation>
    </message>
    <message>
      <source>Do not rely on them: they are unlike the training data (in_domain is false).</source>
      <translation>请勿依赖这些结果：它们与训练数据不同（in_domain 为 false）。</translation>
    </message>
    <message>
      <source>Done. RAW is ready: no restart is needed.</source>
      <translation>完成。RAW 已就绪，无需重启。</translation>
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
      <source>Drag a box on the map: a region.</source>
      <translation>在地图上拖出矩形作为区域。</translation>
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
      <translation>逐个点击角点绘制区域</translation>
    </message>
    <message>
      <source>Draw a region on the map, or select polygons, to see its people, their hours and its scores.</source>
      <translation>在地图上绘制区域或选择多边形，查看其中的人、他们到访的时段和区域得分。</translation>
    </message>
    <message>
      <source>Draw regions, look at users, forecast: beside the map.</source>
      <translation>在地图旁绘制区域、查看用户、进行预测。</translation>
    </message>
    <message>
      <source>Drawn regions</source>
      <translation>绘制的区域</translation>
    </message>
    <message>
      <source>Each of its values is a user</source>
      <translation>每个不同的值是一个用户</translation>
    </message>
    <message>
      <source>Each user</source>
      <translation>每个用户</translation>
    </message>
    <message>
      <source>Edit the layout</source>
      <translation>编辑布局</translation>
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
      <translation>留空：选择了轨迹字段（或 INPUT 没有用户）时按轨迹预测，否则按用户预测，从该用户全部轨迹的最后一个定位点之后开始。</translation>
    </message>
    <message>
      <source>Empty: recognised. Or utf-8, latin-1, cp1252 …</source>
      <translation>留空：自动识别。也可填 utf-8、latin-1、cp1252…</translation>
    </message>
    <message>
      <source>Encoding</source>
      <translation>编码</translation>
    </message>
    <message>
      <source>Encoding of text</source>
      <translation>文本编码</translation>
    </message>
    <message>
      <source>Encounters</source>
      <translation>相遇</translation>
    </message>
    <message>
      <source>Encounters tell who knows whom. They are personal data: do not publish them.</source>
      <translation>相遇能看出谁认识谁，属于个人数据：请勿发布。</translation>
    </message>
    <message>
      <source>Encounters: {n:,}, observed: {k:,}.</source>
      <translation>相遇：{n:,} 次，其中观测到的：{k:,} 次。</translation>
    </message>
    <message>
      <source>Epsilon of noise on the counts (empty: no noise)</source>
      <translation>计数噪声的 epsilon（留空：无噪声）</translation>
    </message>
    <message>
      <source>Error on people held out, relative to a simple method. Below the line is better.</source>
      <translation>留出人员上的误差，相对于简单方法。低于虚线更好。</translation>
    </message>
    <message>
      <source>Error on people held out.</source>
      <translation>留出人员上的误差。</translation>
    </message>
    <message>
      <source>Errors of forecasts on the past of these tracks, by horizon, beside simple methods, with a verdict in words.</source>
      <translation>在这些轨迹的过去数据上，按预测时长列出预测误差，与简单方法对比，并给出文字结论。</translation>
    </message>
    <message>
      <source>Experimental ({why})</source>
      <translation>实验性（{why}）</translation>
    </message>
    <message>
      <source>Experimental: trained on simulated data only.</source>
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
      <source>Features: {n:,}</source>
      <translation>要素：{n:,}</translation>
    </message>
    <message>
      <source>Fewer than {n} people were seen in {area}. Nothing is shown, to protect them: figures of so few could reveal one of them.</source>
      <translation>在 {area} 内观察到的人少于 {n} 人。为保护他们，不显示任何内容：人数这么少时，数值可能暴露其中某个人。</translation>
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
      <translation>单元 id 字段（留空：自动识别）</translation>
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
      <translation>只有在相同数据上测得的数值才能比较，详见说明卡。</translation>
    </message>
    <message>
      <source>Figures for polygons from the people who cross them, with intervals; few people are withheld.</source>
      <translation>根据经过的人计算多边形的数值，并给出区间；人数过少时不公布。</translation>
    </message>
    <message>
      <source>Figures of fewer people could reveal one of them.</source>
      <translation>人数更少的数值可能暴露其中某个人。</translation>
    </message>
    <message>
      <source>Figures of fewer than {n} people are withheld. The recorded people are not the population.</source>
      <translation>少于 {n} 人的数值不公布。有记录的人不代表全体人口。</translation>
    </message>
    <message>
      <source>Figures of too few people are withheld. The recorded people are not the population.</source>
      <translation>人数过少的数值不公布。有记录的人不代表全体人口。</translation>
    </message>
    <message>
      <source>File or folder</source>
      <translation>文件或文件夹</translation>
    </message>
    <message>
      <source>File…</source>
      <translation>文件…</translation>
    </message>
    <message>
      <source>Fill gaps</source>
      <translation>填补空缺</translation>
    </message>
    <message>
      <source>Filling the gaps</source>
      <translation>正在填补空缺</translation>
    </message>
    <message>
      <source>Find encounters</source>
      <translation>查找相遇</translation>
    </message>
    <message>
      <source>Finding encounters</source>
      <translation>正在查找相遇</translation>
    </message>
    <message>
      <source>Finding stops and trips</source>
      <translation>正在查找停留和出行</translation>
    </message>
    <message>
      <source>Finished.</source>
      <translation>已完成。</translation>
    </message>
    <message>
      <source>First minus second</source>
      <translation>前者减后者</translation>
    </message>
    <message>
      <source>First number of dates such as 01/02/2024</source>
      <translation>01/02/2024 这类日期的第一个数</translation>
    </message>
    <message>
      <source>Fits</source>
      <translation>可容纳</translation>
    </message>
    <message>
      <source>Fixes</source>
      <translation>定位点</translation>
    </message>
    <message>
      <source>Fixes (points with a time), or lines whose M values are epoch seconds, in any CRS.</source>
      <translation>定位点（带时间的点），或 M 值为 Unix 秒的线，坐标参考系不限。</translation>
    </message>
    <message>
      <source>Folder of tracks</source>
      <translation>轨迹文件夹</translation>
    </message>
    <message>
      <source>Folder of wheels</source>
      <translation>wheel 文件夹</translation>
    </message>
    <message>
      <source>Folder…</source>
      <translation>文件夹…</translation>
    </message>
    <message>
      <source>Folds</source>
      <translation>时间份数</translation>
    </message>
    <message>
      <source>For each</source>
      <translation>预测单元</translation>
    </message>
    <message>
      <source>For vehicles that cross every region in a day or a week: the visitors of half an hour to two hours distinguish regions better. The new label is then always computed from such stretches.</source>
      <translation>用于一天或一周内会穿过所有区域的车辆：以半小时到两小时内的到访者更能区分各区域。新标签此后始终按这样的时段计算。</translation>
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
      <source>Forecast: recent tracks</source>
      <translation>预测：近期轨迹</translation>
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
      <source>Forecasts</source>
      <translation>预测</translation>
    </message>
    <message>
      <source>Forecasts of {users}, {m:g} min ahead: half are expected within {a}, four fifths within {b}.</source>
      <translation>{users}的预测，{m:g} 分钟后：预计一半在 {a} 以内，五分之四在 {b} 以内。</translation>
    </message>
    <message>
      <source>Forecasts: in 50 and 80 % of cases the track lies inside the areas.</source>
      <translation>预测：在 50 % 和 80 % 的情况下，轨迹位于相应区域内。</translation>
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
      <source>From</source>
      <translation>从</translation>
    </message>
    <message>
      <source>GeoPackage</source>
      <translation>GeoPackage</translation>
    </message>
    <message>
      <source>Give the new model a name.</source>
      <translation>请为新模型命名。</translation>
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
      <source>Home</source>
      <translation>住处</translation>
    </message>
    <message>
      <source>Horizon</source>
      <translation>预测时长</translation>
    </message>
    <message>
      <source>Horizon (minutes)</source>
      <translation>预测时长（分钟）</translation>
    </message>
    <message>
      <source>How far ahead</source>
      <translation>提前时长</translation>
    </message>
    <message>
      <source>How far ahead of the last fix.</source>
      <translation>最后一个定位点之后多长时间。</translation>
    </message>
    <message>
      <source>How many</source>
      <translation>数量</translation>
    </message>
    <message>
      <source>How the error on people held out is shown</source>
      <translation>如何显示留出人员上的误差</translation>
    </message>
    <message>
      <source>How the users of a region are combined. sum: as the shipped model was trained. mean: regardless of their number. share: in proportion to their fixes.</source>
      <translation>区域内各用户的合并方式。sum：与随附模型的训练方式相同。mean：与人数无关。share：按定位点所占比例。</translation>
    </message>
    <message>
      <source>IANA name such as UTC, Europe/Berlin or Asia/Shanghai. Times that carry a zone ignore it.</source>
      <translation>IANA 名称，如 UTC、Europe/Berlin 或 Asia/Shanghai。自带时区的时间不受影响。</translation>
    </message>
    <message>
      <source>INPUT has fewer than two users: choose the user field.</source>
      <translation>INPUT 的用户少于两个：请选择用户字段。</translation>
    </message>
    <message>
      <source>INPUT has no {unit} with two usable fixes, so the output is empty.</source>
      <translation>INPUT 中没有包含两个可用定位点的{unit}，因此输出为空。</translation>
    </message>
    <message>
      <source>INPUT is no layer of a project, so the epsilon of earlier runs is not added. Add up the epsilons of all runs on these tracks yourself.</source>
      <translation>INPUT 不是项目中的图层，因此不会加上之前各次运行的 epsilon。请自行累加对这些轨迹的所有运行的 epsilon。</translation>
    </message>
    <message>
      <source>Id field</source>
      <translation>id 字段</translation>
    </message>
    <message>
      <source>Id field of the regions (empty: guessed)</source>
      <translation>区域的 id 字段（留空：自动识别）</translation>
    </message>
    <message>
      <source>Import</source>
      <translation>导入</translation>
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
      <source>Import tracks…</source>
      <translation>导入轨迹…</translation>
    </message>
    <message>
      <source>Imported: {fixes} of {users}.</source>
      <translation>导入完成：{users}的 {fixes}。</translation>
    </message>
    <message>
      <source>Importing</source>
      <translation>正在导入</translation>
    </message>
    <message>
      <source>Importing …</source>
      <translation>正在导入…</translation>
    </message>
    <message>
      <source>Import…</source>
      <translation>导入……</translation>
    </message>
    <message>
      <source>In 80 % of cases the true number lies in its interval. Colours follow the intervals.</source>
      <translation>在 80 % 的情况下，真实数值位于其区间内。颜色按区间划分。</translation>
    </message>
    <message>
      <source>In the box</source>
      <translation>矩形范围</translation>
    </message>
    <message>
      <source>In {layer} they are the fields raw_…, a join of this project.</source>
      <translation>在 {layer} 中，它们是通过本项目的连接得到的 raw_… 字段。</translation>
    </message>
    <message>
      <source>Inferred areas</source>
      <translation>推断区域</translation>
    </message>
    <message>
      <source>Inferred positions</source>
      <translation>推断位置</translation>
    </message>
    <message>
      <source>Inferred tracks</source>
      <translation>推断轨迹</translation>
    </message>
    <message>
      <source>Inferred: areas</source>
      <translation>推断：区域</translation>
    </message>
    <message>
      <source>Inferred: points</source>
      <translation>推断：点</translation>
    </message>
    <message>
      <source>Inferred: tracks</source>
      <translation>推断：轨迹</translation>
    </message>
    <message>
      <source>Inferred: {a} to {b} %</source>
      <translation>推断：{a} 至 {b} %</translation>
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
      <source>Install the packages that training needs first.</source>
      <translation>请先安装训练所需的软件包。</translation>
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
      <source>Is the disk full?</source>
      <translation>磁盘已满？</translation>
    </message>
    <message>
      <source>It could not be measured: {why}</source>
      <translation>无法测量：{why}</translation>
    </message>
    <message>
      <source>Its error</source>
      <translation>其误差</translation>
    </message>
    <message>
      <source>Its heads are taught again afterwards, and those that no longer hold are dropped. The page Hardware estimates the time of all.</source>
      <translation>之后重新教各任务头，不再成立的会去掉。“硬件”页会估计全部所需时间。</translation>
    </message>
    <message>
      <source>Its value in the id field, such as Mission; or an expression that is true for it alone, such as "name" = 'Mission' or $id = 12.</source>
      <translation>它在 id 字段中的值，如 Mission；或只对它成立的表达式，如 "name" = 'Mission' 或 $id = 12。</translation>
    </message>
    <message>
      <source>K is {k}, but there are only {n} others to compare with.</source>
      <translation>K 为 {k}，但只有 {n} 个可供比较。</translation>
    </message>
    <message>
      <source>Keep it among your models, and use it in this project</source>
      <translation>保存到您的模型中，并在此项目中使用</translation>
    </message>
    <message>
      <source>Label</source>
      <translation>标签</translation>
    </message>
    <message>
      <source>Label all of them: a layer in the group</source>
      <translation>为全部用户打标签，结果为组中的一个图层</translation>
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
      <translation>标签所在图层</translation>
    </message>
    <message>
      <source>Labels for users, tracks or days, from their tracks: commuter or not, mode of transport and more.</source>
      <translation>根据轨迹为用户、轨迹或每天打标签：是否通勤者、交通方式等。</translation>
    </message>
    <message>
      <source>Labels of {unit}</source>
      <translation>标签：{unit}</translation>
    </message>
    <message>
      <source>Labels that only simulation supports are off. &lt;i&gt;Settings → Options → RAW&lt;/i&gt; switches them on.</source>
      <translation>仅有模拟数据支持的标签默认关闭。可在&lt;i&gt;设置 → 选项 → RAW&lt;/i&gt; 中开启。</translation>
    </message>
    <message>
      <source>Last training: fixes, time, device</source>
      <translation>上次训练：定位点、用时、设备</translation>
    </message>
    <message>
      <source>Latitude</source>
      <translation>纬度</translation>
    </message>
    <message>
      <source>Latitude or y column (empty: guessed)</source>
      <translation>纬度列或 y 列（留空：自动识别）</translation>
    </message>
    <message>
      <source>Latitude, y</source>
      <translation>纬度，y</translation>
    </message>
    <message>
      <source>Layer</source>
      <translation>图层</translation>
    </message>
    <message>
      <source>Learning from how tracks continued before</source>
      <translation>正在学习轨迹以往如何延续</translation>
    </message>
    <message>
      <source>Least length (minutes)</source>
      <translation>最短时长（分钟）</translation>
    </message>
    <message>
      <source>Least length of a stop (minutes)</source>
      <translation>停留的最短时长（分钟）</translation>
    </message>
    <message>
      <source>Least probability</source>
      <translation>最小概率</translation>
    </message>
    <message>
      <source>Let the model read {users}: {time} on the {device}</source>
      <translation>让模型读取 {users}：在 {device} 上需要 {time}</translation>
    </message>
    <message>
      <source>Longer gaps are left open, and the log gives their number. Gaps of up to an hour were measured.</source>
      <translation>更长的空缺不填补，日志会给出其数量。精度只在一小时以内的空缺上测量过。</translation>
    </message>
    <message>
      <source>Longest gap (minutes)</source>
      <translation>最长空缺（分钟）</translation>
    </message>
    <message>
      <source>Longitude</source>
      <translation>经度</translation>
    </message>
    <message>
      <source>Longitude or x column (empty: guessed)</source>
      <translation>经度列或 x 列（留空：自动识别）</translation>
    </message>
    <message>
      <source>Longitude, x</source>
      <translation>经度，x</translation>
    </message>
    <message>
      <source>Look at users</source>
      <translation>查看用户</translation>
    </message>
    <message>
      <source>Looking at the graphics card and trying the packages …</source>
      <translation>正在检查显卡并测试各软件包……</translation>
    </message>
    <message>
      <source>Looking for devices …</source>
      <translation>正在查找设备……</translation>
    </message>
    <message>
      <source>Looking for devices, and timing the model on each of them …</source>
      <translation>正在查找设备，并测量模型在各设备上的速度……</translation>
    </message>
    <message>
      <source>Looking for the skipped fixes</source>
      <translation>正在查找跳过的定位点</translation>
    </message>
    <message>
      <source>Looking for users</source>
      <translation>正在查找用户</translation>
    </message>
    <message>
      <source>Lower-case letters, digits and _. The field of the results has this name.</source>
      <translation>小写字母、数字和 _。结果字段即用此名称。</translation>
    </message>
    <message>
      <source>Made on {date} with RAW and the model {model}.</source>
      <translation>{date} 用 RAW 和模型 {model} 制作。</translation>
    </message>
    <message>
      <source>Made on {date} with RAW.</source>
      <translation>{date} 用 RAW 制作。</translation>
    </message>
    <message>
      <source>Make a map</source>
      <translation>制作地图</translation>
    </message>
    <message>
      <source>Make a map…</source>
      <translation>制作地图…</translation>
    </message>
    <message>
      <source>Map</source>
      <translation>地图</translation>
    </message>
    <message>
      <source>Maps</source>
      <translation>地图</translation>
    </message>
    <message>
      <source>Mean error {m} min ahead: staying {0}, best simple method {1}, the model {2}</source>
      <translation>{m} 分钟后的平均误差：停在原地 {0}，最佳简单方法 {1}，模型 {2}</translation>
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
      <source>Median visit, minutes</source>
      <translation>到访时长中位数，分钟</translation>
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
      <translation>最长分钟数</translation>
    </message>
    <message>
      <source>Minutes from one forecast to the next, up to the horizon.</source>
      <translation>相邻两个预测之间的分钟数，直到预测时长为止。</translation>
    </message>
    <message>
      <source>Minutes from one position in a gap to the next.</source>
      <translation>空缺中相邻两个位置之间的分钟数。</translation>
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
      <source>Model to continue from</source>
      <translation>继续训练的起始模型</translation>
    </message>
    <message>
      <source>Model {name}</source>
      <translation>模型 {name}</translation>
    </message>
    <message>
      <source>Model: {name}.</source>
      <translation>模型：{name}。</translation>
    </message>
    <message>
      <source>Models</source>
      <translation>模型</translation>
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
      <source>Most likely path</source>
      <translation>最可能的路径</translation>
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
      <source>Names with commas between them, of experimental heads too. The log lists what the model has.</source>
      <translation>名称以逗号分隔，也可包含实验性任务。日志会列出模型具备的任务。</translation>
    </message>
    <message>
      <source>New model</source>
      <translation>新模型</translation>
    </message>
    <message>
      <source>New training</source>
      <translation>新建训练</translation>
    </message>
    <message>
      <source>Next</source>
      <translation>下一步</translation>
    </message>
    <message>
      <source>No NVIDIA graphics card was found: the CPU does the work, which is enough.</source>
      <translation>未找到 NVIDIA 显卡，将使用 CPU 计算，已足够。</translation>
    </message>
    <message>
      <source>No column names the users: all fixes of a file become one user's. If a column names them, choose it as User.</source>
      <translation>没有列标识用户：一个文件的所有定位点将属于同一个用户。如有标识用户的列，请将其选为“用户”。</translation>
    </message>
    <message>
      <source>No field names the users, so all fixes are one user's. Fields that may name them: {names}. Choose one as USER_FIELD, or give the word none.</source>
      <translation>没有字段标识用户，因此所有定位点属于同一个用户。可能标识用户的字段：{names}。请选择其一作为 USER_FIELD，或填 none。</translation>
    </message>
    <message>
      <source>No figure</source>
      <translation>无数值</translation>
    </message>
    <message>
      <source>No fix could be read.</source>
      <translation>未能读取任何定位点。</translation>
    </message>
    <message>
      <source>No fix lies in any region: the regions are {km:,.0f} km from the tracks. Check both layers' CRS.</source>
      <translation>没有定位点落在任何区域内：区域距轨迹 {km:,.0f} 公里。请检查两个图层的坐标参照系。</translation>
    </message>
    <message>
      <source>No fix was skipped.</source>
      <translation>没有跳过定位点。</translation>
    </message>
    <message>
      <source>No hour of the week has {n} people or more.</source>
      <translation>一周中没有任何一个小时达到 {n} 人。</translation>
    </message>
    <message>
      <source>No label can be shown without revealing fewer than {n} people.</source>
      <translation>任何标签一旦显示都会暴露少于 {n} 人的信息。</translation>
    </message>
    <message>
      <source>No layer has times. Label or forecast tracks first.</source>
      <translation>没有带时间的图层。请先为轨迹打标签或进行预测。</translation>
    </message>
    <message>
      <source>No position column was recognised: choose Longitude and Latitude on the left.</source>
      <translation>未识别出位置列：请在左侧选择“经度”和“纬度”。</translation>
    </message>
    <message>
      <source>No region has an area, so no fix lies in any.</source>
      <translation>没有一个区域有面积，因此没有定位点落在其中。</translation>
    </message>
    <message>
      <source>No run yet.</source>
      <translation>尚无运行。</translation>
    </message>
    <message>
      <source>No time and no position column was recognised: choose Time, Longitude and Latitude on the left.</source>
      <translation>未识别出时间列和位置列：请在左侧选择“时间”、“经度”和“纬度”。</translation>
    </message>
    <message>
      <source>No time column was recognised: choose it as Time on the left.</source>
      <translation>未识别出时间列：请在左侧将其选为“时间”。</translation>
    </message>
    <message>
      <source>No track here: click nearer to one, or zoom in.</source>
      <translation>此处没有轨迹：请点击得更近一些，或放大地图。</translation>
    </message>
    <message>
      <source>No user has two usable fixes.</source>
      <translation>没有用户有两个可用的定位点。</translation>
    </message>
    <message>
      <source>Nobody has tested it.</source>
      <translation>尚无人检验过。</translation>
    </message>
    <message>
      <source>Noise: this run spent an epsilon of {a:g}, and this layer {b:g} in this project. Answers to several runs together are protected by the sum of their epsilons only.</source>
      <translation>噪声：本次运行消耗的 epsilon 为 {a:g}，本图层在此项目中共消耗 {b:g}。多次运行的结果合在一起时，只受其 epsilon 之和的保护。</translation>
    </message>
    <message>
      <source>None: no region is more similar than two regions usually are.</source>
      <translation>无：没有区域比一般两个区域之间更相似。</translation>
    </message>
    <message>
      <source>None: no user is more similar than two users of this layer usually are.</source>
      <translation>无：没有用户比此图层中一般两个用户之间更相似。</translation>
    </message>
    <message>
      <source>None: there is no place with a share of the time.</source>
      <translation>无：没有停留时间占比足够的地点。</translation>
    </message>
    <message>
      <source>Not asked.</source>
      <translation>未请求。</translation>
    </message>
    <message>
      <source>Not read yet: press the arrow to read it.</source>
      <translation>尚未读取：点击箭头读取。</translation>
    </message>
    <message>
      <source>Notes</source>
      <translation>说明</translation>
    </message>
    <message>
      <source>Nothing in this layer was found that could name somebody.</source>
      <translation>在此图层中没有发现可能识别出个人的内容。</translation>
    </message>
    <message>
      <source>Nothing is selected: select features of the layer, or forecast all.</source>
      <translation>未选择任何要素：请选择图层要素，或预测全部。</translation>
    </message>
    <message>
      <source>Nothing is shown: one person makes up most of what was recorded in {area}.</source>
      <translation>不显示任何内容：在 {area} 内记录的大部分来自同一个人。</translation>
    </message>
    <message>
      <source>Nothing is shown: subtracted from the other regions, the figures of these {area} would reveal fewer than {n} people. Remove the other region to see this one.</source>
      <translation>不显示任何内容：这 {area} 的数值与其他区域相减后，会暴露少于 {n} 人的情况。删除另一个区域即可查看此区域。</translation>
    </message>
    <message>
      <source>Nothing was read yet.</source>
      <translation>尚未读取任何内容。</translation>
    </message>
    <message>
      <source>Number of findings</source>
      <translation>发现的问题数</translation>
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
      <source>Number of gaps left open</source>
      <translation>未填补的空缺数</translation>
    </message>
    <message>
      <source>Number of users</source>
      <translation>用户数</translation>
    </message>
    <message>
      <source>Observed: both have fixes</source>
      <translation>观测到：双方都有定位点</translation>
    </message>
    <message>
      <source>Of the first {n:,} rows: {skipped}</source>
      <translation>前 {n:,} 行：{skipped}</translation>
    </message>
    <message>
      <source>Of times that are written without a zone; others ignore it.</source>
      <translation>用于未写时区的时间；自带时区的时间不受影响。</translation>
    </message>
    <message>
      <source>Of times that are written without a zone; others ignore it. The week of a region has the hours of this zone, with UTC the solar time of the place.</source>
      <translation>用于未写时区的时间；自带时区的时间不受影响。区域的一周各小时按此时区计算，选 UTC 时按当地太阳时。</translation>
    </message>
    <message>
      <source>On Forecast, see where a track may be in the next minutes. The inner area holds it in half of all cases, the outer one in four of five. Play it with the Temporal Controller.</source>
      <translation>在“预测”页查看轨迹在接下来几分钟可能在哪里。内圈区域在一半的情况下包含它，外圈在五分之四的情况下包含它。可用时态控制器播放。</translation>
    </message>
    <message>
      <source>On Regions, draw around a part of town: click corner by corner, right click closes, Esc gives up. Its people and their hours appear at once. The sample has ten people in all, so lower the fewest people to 3 first.</source>
      <translation>在“区域”中围绕城区的一部分绘制：逐个点击角点，右键闭合，Esc 放弃。其中的人数和时段立即显示。示例共有十人，请先把最少人数降到 3。</translation>
    </message>
    <message>
      <source>On Users, press Label: every track gets its mode of transport, 'unknown' where the model is not sure. Click a track: its user's usual places, blurred to a grid, day, and similar users.</source>
      <translation>在“用户”中点击“标注”：每条轨迹都得到出行方式，模型没有把握时为“unknown”。点击一条轨迹，可查看其用户的常去地点（模糊到网格）、一天的作息和相似用户。</translation>
    </message>
    <message>
      <source>On record: {evidence}.</source>
      <translation>记录情况：{evidence}。</translation>
    </message>
    <message>
      <source>One forecast every</source>
      <translation>预测间隔</translation>
    </message>
    <message>
      <source>One forecast for each</source>
      <translation>预测单元</translation>
    </message>
    <message>
      <source>One forecast for each {unit}, from its last fix.</source>
      <translation>每个{unit}一个预测，从其最后一个定位点开始。</translation>
    </message>
    <message>
      <source>One page, A4</source>
      <translation>一页，A4</translation>
    </message>
    <message>
      <source>One person or vehicle made all of these fixes</source>
      <translation>所有这些定位点来自同一个人或同一辆车</translation>
    </message>
    <message>
      <source>One result for each</source>
      <translation>结果单元</translation>
    </message>
    <message>
      <source>One row for each</source>
      <translation>每行对应的单元</translation>
    </message>
    <message>
      <source>Only a part</source>
      <translation>只取一部分</translation>
    </message>
    <message>
      <source>Only fixes before this time</source>
      <translation>仅早于此时间的定位点</translation>
    </message>
    <message>
      <source>Only fixes from this time on</source>
      <translation>仅此时间及以后的定位点</translation>
    </message>
    <message>
      <source>Only fixes in this box</source>
      <translation>仅此矩形范围内的定位点</translation>
    </message>
    <message>
      <source>Only versions that RAW was tested with, checked by their SHA-256 sums</source>
      <translation>仅安装与 RAW 测试过的版本，并校验其 SHA-256 值</translation>
    </message>
    <message>
      <source>Only {n} labels: at least ten are needed.</source>
      <translation>只有 {n} 个标签：至少需要十个。</translation>
    </message>
    <message>
      <source>Open it in QGIS's layout designer</source>
      <translation>在 QGIS 的布局设计器中打开</translation>
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
      <source>Other likely paths</source>
      <translation>其他可能路径</translation>
    </message>
    <message>
      <source>Other stop</source>
      <translation>其他停留</translation>
    </message>
    <message>
      <source>PDF files (*.pdf)</source>
      <translation>PDF 文件 (*.pdf)</translation>
    </message>
    <message>
      <source>PNG files (*.png)</source>
      <translation>PNG 文件 (*.png)</translation>
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
      <source>Pairs of users who were, or may have been, near each other at the same time.</source>
      <translation>在同一时间彼此靠近或可能彼此靠近的成对用户。</translation>
    </message>
    <message>
      <source>Path [% path %], probability [% round(100 * probability) %] %</source>
      <translation>路径 [% path %]，概率 [% round(100 * probability) %] %</translation>
    </message>
    <message>
      <source>Paths</source>
      <translation>路径数</translation>
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
      <source>People per km²</source>
      <translation>每 km² 人数</translation>
    </message>
    <message>
      <source>People: [% coalesce(n_users, if(suppressed, 'withheld', 'not scored yet')) %]</source>
      <translation>人数：[% coalesce(n_users, if(suppressed, '不公布', '尚未评分')) %]</translation>
    </message>
    <message>
      <source>Pictures of tracks and forecasts, one a step of the map's clock, by QGIS's own exporter.</source>
      <translation>轨迹和预测的图片，地图时钟每一步一张，由 QGIS 自带的导出功能生成。</translation>
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
      <translation>任意坐标参考系的多边形。</translation>
    </message>
    <message>
      <source>Polygons in any CRS; their own fields are kept.</source>
      <translation>任意坐标参考系的多边形；保留其原有字段。</translation>
    </message>
    <message>
      <source>Pooling of users</source>
      <translation>用户的合并方式</translation>
    </message>
    <message>
      <source>Positions</source>
      <translation>位置</translation>
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
      <source>QGIS has no XYZ connection. Add one in its Browser panel: XYZ Tiles → New connection.</source>
      <translation>QGIS 没有 XYZ 连接。请在其“浏览器”面板中添加：XYZ切片 → 新建连接。</translation>
    </message>
    <message>
      <source>QGIS will ask &lt;b&gt;{host}&lt;/b&gt; for pictures of the area that you look at, and again each time you move the map. The server learns your address on the Internet and which area it is: with tracks of people on the screen, that can be where they live. No track, label or figure is sent. While the basemap is off, nothing is asked.</source>
      <translation>QGIS 将向 &lt;b&gt;{host}&lt;/b&gt; 请求您所查看区域的图片，每次移动地图都会再次请求。服务器会得知您的网络地址和所看的区域：屏幕上有人的轨迹时，该区域可能就是他们的住处。不会发送任何轨迹、标签或数值。底图关闭时，不发出任何请求。</translation>
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
      <source>RAW can run the model. What you ticked lacks {what}. To download: about {megabytes} MB.</source>
      <translation>RAW 可以运行模型。您勾选的功能缺少 {what}。需下载：约 {megabytes} MB。</translation>
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
      <source>RAW has all that it needs to run the model. Other work needs more: tick a box below.</source>
      <translation>RAW 运行模型所需的一切都已具备。其他功能还需要更多软件包：请勾选下方的选项。</translation>
    </message>
    <message>
      <source>RAW has all that it needs, to run the model, to train and to read every file.</source>
      <translation>RAW 运行模型、训练和读取各种文件所需的一切都已具备。</translation>
    </message>
    <message>
      <source>RAW needs the Python package {names} in QGIS's own Python.</source>
      <translation>RAW 需要在 QGIS 自带的 Python 中安装软件包 {names}。</translation>
    </message>
    <message>
      <source>RAW needs the Python packages {names} in QGIS's own Python.</source>
      <translation>RAW 需要在 QGIS 自带的 Python 中安装软件包 {names}。</translation>
    </message>
    <message>
      <source>RAW: a short tour</source>
      <translation>RAW：简短导览</translation>
    </message>
    <message>
      <source>RAW: counting labels</source>
      <translation>RAW：统计标签</translation>
    </message>
    <message>
      <source>RAW: deleting a run</source>
      <translation>RAW：删除运行</translation>
    </message>
    <message>
      <source>RAW: diagnostics</source>
      <translation>RAW：诊断</translation>
    </message>
    <message>
      <source>RAW: help</source>
      <translation>RAW：帮助</translation>
    </message>
    <message>
      <source>RAW: keeping a model</source>
      <translation>RAW：保存模型</translation>
    </message>
    <message>
      <source>RAW: models</source>
      <translation>RAW：模型</translation>
    </message>
    <message>
      <source>RAW: packages</source>
      <translation>RAW：软件包</translation>
    </message>
    <message>
      <source>RAW: preparing a training</source>
      <translation>RAW：准备训练</translation>
    </message>
    <message>
      <source>RAW: the sample, ten phones in Aracaju</source>
      <translation>RAW：样例，阿拉卡茹的十部手机</translation>
    </message>
    <message>
      <source>RAW: train a model</source>
      <translation>RAW：训练模型</translation>
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
      <source>Read {fixes} of {users} in {tracks}, from {first} to {last} UTC.</source>
      <translation>已读取 {users}的 {fixes}，共 {tracks}，时间为 {first} 至 {last}（UTC）。</translation>
    </message>
    <message>
      <source>Reading</source>
      <translation>正在读取</translation>
    </message>
    <message>
      <source>Reading the first rows</source>
      <translation>正在读取前几行</translation>
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
      <source>Recent tracks</source>
      <translation>近期轨迹</translation>
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
      <translation>按星期和时段统计的区域</translation>
    </message>
    <message>
      <source>Regions can be drawn when the model has read the users.</source>
      <translation>模型读取完用户后即可绘制区域。</translation>
    </message>
    <message>
      <source>Regions with fewer people get no figures at all.</source>
      <translation>人数更少的区域不给出任何数值。</translation>
    </message>
    <message>
      <source>Regions: count each stretch of so many hours as a user</source>
      <translation>区域：把每段这么多小时的轨迹算作一个用户</translation>
    </message>
    <message>
      <source>Remove</source>
      <translation>移除</translation>
    </message>
    <message>
      <source>Remove the chosen regions (Delete)</source>
      <translation>移除所选区域 (Delete)</translation>
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
      <source>Results</source>
      <translation>结果</translation>
    </message>
    <message>
      <source>Resume</source>
      <translation>恢复</translation>
    </message>
    <message>
      <source>Resume from the last checkpoint</source>
      <translation>从上一个检查点恢复</translation>
    </message>
    <message>
      <source>Run</source>
      <translation>运行</translation>
    </message>
    <message>
      <source>Run a model from elsewhere without limits, and on the graphics card</source>
      <translation>不受限制地运行外来模型，并可使用显卡</translation>
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
      <source>Save as PDF…</source>
      <translation>另存为 PDF…</translation>
    </message>
    <message>
      <source>Save as picture…</source>
      <translation>另存为图片…</translation>
    </message>
    <message>
      <source>Save the card</source>
      <translation>保存卡片</translation>
    </message>
    <message>
      <source>Save the comparison</source>
      <translation>保存比较结果</translation>
    </message>
    <message>
      <source>Save to</source>
      <translation>保存到</translation>
    </message>
    <message>
      <source>Save…</source>
      <translation>保存…</translation>
    </message>
    <message>
      <source>Saving the results</source>
      <translation>正在保存结果</translation>
    </message>
    <message>
      <source>Score regions</source>
      <translation>区域评分</translation>
    </message>
    <message>
      <source>Scored on stretches of tracks, by Score regions alone: {names}.</source>
      <translation>按轨迹片段评分，只能用“区域评分”得到：{names}。</translation>
    </message>
    <message>
      <source>Scoring</source>
      <translation>正在评分</translation>
    </message>
    <message>
      <source>Scoring {n:,} regions</source>
      <translation>正在给 {n:,} 个区域评分</translation>
    </message>
    <message>
      <source>Select a feature of the layer of tracks first.</source>
      <translation>请先在轨迹图层中选择一个要素。</translation>
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
      <source>Shorter halts are part of a trip. Ten minutes suit short and long stops.</source>
      <translation>更短的停顿算作出行的一部分。十分钟对长短停留都适用。</translation>
    </message>
    <message>
      <source>Show the basemap</source>
      <translation>显示底图</translation>
    </message>
    <message>
      <source>Show the skipped fixes on the map</source>
      <translation>在地图上显示跳过的定位点</translation>
    </message>
    <message>
      <source>Show…</source>
      <translation>显示…</translation>
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
      <source>Simulated people taught these heads, and no real people have confirmed them. They are marked as experimental. Tasks that you name are answered in any case.</source>
      <translation>这些任务由模拟人群训练，尚未经真实人群验证，因此标为实验性。您点名的任务始终会作答。</translation>
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
      <translation>大小与参数量</translation>
    </message>
    <message>
      <source>Skipped fixes</source>
      <translation>跳过的定位点</translation>
    </message>
    <message>
      <source>Solar time</source>
      <translation>太阳时</translation>
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
      <source>Stop now. The run can be resumed, also after QGIS was closed</source>
      <translation>立即停止。之后可恢复此次运行，关闭 QGIS 后也可以</translation>
    </message>
    <message>
      <source>Stop, and delete the run with its copy of the tracks</source>
      <translation>停止，并删除运行及其轨迹副本</translation>
    </message>
    <message>
      <source>Stopped. The training so far is kept in {folder}. Resume or delete it in RAW's training dialog.</source>
      <translation>已停止。目前的训练保存在 {folder} 中。可在 RAW 的训练窗口中恢复或删除。</translation>
    </message>
    <message>
      <source>Stopping …</source>
      <translation>正在停止……</translation>
    </message>
    <message>
      <source>Stops</source>
      <translation>停留</translation>
    </message>
    <message>
      <source>Stops show where people live and work. Run 'Check before publishing' before you share them.</source>
      <translation>停留点会显示人们的住处和工作地点。分享前请运行“发布前检查”。</translation>
    </message>
    <message>
      <source>Stops: {n:,}, trips: {m:,}, users: {k:,}.</source>
      <translation>停留：{n:,} 次，出行：{m:,} 次，用户：{k:,} 个。</translation>
    </message>
    <message>
      <source>Stops: {n:,}, trips: {m:,}.</source>
      <translation>停留：{n:,} 次，出行：{m:,} 次。</translation>
    </message>
    <message>
      <source>Store prototypes of local movement in it?</source>
      <translation>在其中保存本地移动的原型？</translation>
    </message>
    <message>
      <source>Store prototypes of local movement in the new model?</source>
      <translation>在新模型中保存本地移动的原型？</translation>
    </message>
    <message>
      <source>Sun</source>
      <translation>周日</translation>
    </message>
    <message>
      <source>Switch the clock off</source>
      <translation>关闭时钟</translation>
    </message>
    <message>
      <source>TARGET is a value of this field, and the results name the regions by it.</source>
      <translation>TARGET 是此字段的一个值，结果也用它来称呼各区域。</translation>
    </message>
    <message>
      <source>TO has to be later than FROM.</source>
      <translation>TO 必须晚于 FROM。</translation>
    </message>
    <message>
      <source>Tables</source>
      <translation>表格</translation>
    </message>
    <message>
      <source>Table…</source>
      <translation>表格…</translation>
    </message>
    <message>
      <source>Take back the last drawing or removal of regions (Ctrl+Z)</source>
      <translation>撤销最近一次区域的绘制或移除 (Ctrl+Z)</translation>
    </message>
    <message>
      <source>Take in a model bundle that is a folder</source>
      <translation>从文件夹导入模型包</translation>
    </message>
    <message>
      <source>Take in a model bundle, a .zip; it is checked first</source>
      <translation>导入 .zip 模型包；会先进行检查</translation>
    </message>
    <message>
      <source>Take the polygons that are selected on the map</source>
      <translation>使用地图上所选的多边形</translation>
    </message>
    <message>
      <source>Task {name}: </source>
      <translation>任务 {name}：</translation>
    </message>
    <message>
      <source>Tasks (empty: all that real people support)</source>
      <translation>任务（留空：所有经真实人群支持的任务）</translation>
    </message>
    <message>
      <source>Teach '{task}'</source>
      <translation>教“{task}”</translation>
    </message>
    <message>
      <source>Teach a label</source>
      <translation>教一个新标签</translation>
    </message>
    <message>
      <source>Teach a new label: a question about users or tracks, from examples.</source>
      <translation>教一个新标签：关于用户或轨迹的问题，由例子学习。</translation>
    </message>
    <message>
      <source>Teach the model a label of your own from some labelled users, tracks, days or regions.</source>
      <translation>用一些已标注的用户、轨迹、天或区域，教模型一个您自己的标签。</translation>
    </message>
    <message>
      <source>Teaching the head {head} again</source>
      <translation>正在重新训练任务头 {head}</translation>
    </message>
    <message>
      <source>Ten phones in Aracaju, Brazil, and a short tour.</source>
      <translation>巴西阿拉卡茹的十部手机，附简短导览。</translation>
    </message>
    <message>
      <source>Ten phones in Aracaju, Brazil: trips by car and bus as points with a time, and hexagons over the city. It is your own copy, and nothing leaves this machine.</source>
      <translation>巴西阿拉卡茹的十部手机：以带时间的点记录的汽车和公交出行，以及覆盖全城的六边形。这是您自己的副本，数据不会离开本机。</translation>
    </message>
    <message>
      <source>Testing</source>
      <translation>正在测试</translation>
    </message>
    <message>
      <source>Testing forecasts</source>
      <translation>正在检验预测</translation>
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
      <source>The Temporal Controller in QGIS's toolbar plays the forecast.</source>
      <translation>QGIS 工具栏中的时态控制器可播放预测。</translation>
    </message>
    <message>
      <source>The card as a page of HTML, with its charts</source>
      <translation>将卡片存为 HTML 页面，含图表</translation>
    </message>
    <message>
      <source>The chosen model has not scored this region yet. If that was cancelled, read the layer again (button at the top).</source>
      <translation>所选模型尚未给此区域评分。如果评分已被取消，请重新读取图层（顶部按钮）。</translation>
    </message>
    <message>
      <source>The comparison as a page of HTML, with its charts</source>
      <translation>将比较结果存为 HTML 页面，含图表</translation>
    </message>
    <message>
      <source>The data of {names} are gone: they were temporary, or their GeoPackage is not there. 'Run again' in the dock, or Processing's history, makes them anew.</source>
      <translation>{names} 的数据已不存在：它们是临时的，或其 GeoPackage 不在原处。可用面板中的“再次运行”或“处理”的历史记录重新生成。</translation>
    </message>
    <message>
      <source>The default</source>
      <translation>默认</translation>
    </message>
    <message>
      <source>The device that really does the work. </source>
      <translation>实际进行计算的设备。</translation>
    </message>
    <message>
      <source>The device to train on, as found by the Python that trains.</source>
      <translation>用于训练的设备，由负责训练的 Python 检测得出。</translation>
    </message>
    <message>
      <source>The file or database of this layer is missing. Click its red sign in the list of layers.</source>
      <translation>此图层的文件或数据库缺失。请点击图层列表中它的红色标记。</translation>
    </message>
    <message>
      <source>The first figures come after some steps.</source>
      <translation>训练若干步后会出现第一批数值。</translation>
    </message>
    <message>
      <source>The installation was cancelled.</source>
      <translation>安装已取消。</translation>
    </message>
    <message>
      <source>The layer '{name}' cannot be written and keeps its old regions and figures: make its file writable and close it in other programs, or remove the layer from the project and draw the regions again.</source>
      <translation>无法写入图层“{name}”，它保留原有的区域和数值：请让文件可写并在其他程序中关闭它，或者从项目中移除该图层并重新绘制区域。</translation>
    </message>
    <message>
      <source>The layer has no field '{name}' any more: choose the user field again.</source>
      <translation>图层已没有字段“{name}”：请重新选择用户字段。</translation>
    </message>
    <message>
      <source>The layer has unsaved edits. Labels, diaries and forecasts use them; for regions and users save them, or press the arrow.</source>
      <translation>图层有未保存的编辑。标签、日记和预测会使用这些编辑；要用于区域和用户，请保存编辑，或点击箭头。</translation>
    </message>
    <message>
      <source>The layer is a temporary file, which QGIS deletes when it ends. Save it to keep it.</source>
      <translation>该图层是临时文件，QGIS 关闭时会删除。如要保留，请保存。</translation>
    </message>
    <message>
      <source>The layer that you mean to publish.</source>
      <translation>您打算发布的图层。</translation>
    </message>
    <message>
      <source>The layer: errors of every method, with median and 90 % quantile</source>
      <translation>该图层：每种方法的误差，含中位数和 90 % 分位数</translation>
    </message>
    <message>
      <source>The learning rate falls over this time. The comparison afterwards takes some more.</source>
      <translation>学习率在这段时间内逐渐下降。之后的比较还需要一些时间。</translation>
    </message>
    <message>
      <source>The map shows the time of the forecast alone: labels of other times are hidden.</source>
      <translation>地图只显示预测的时段：其他时间的标签被隐藏。</translation>
    </message>
    <message>
      <source>The map's clock, at {begin} UTC, hides {layer}.</source>
      <translation>地图时钟位于 {begin} UTC，使 {layer} 不显示。</translation>
    </message>
    <message>
      <source>The mean error is judged, at moments all along the tracks. A forecast begins at the last fix, where people are often at home: it can be much nearer. A bar is the model's 95 % interval beside the best simple method: where it reaches that line, an advantage is not proved.</source>
      <translation>结论依据轨迹沿途各时刻的平均误差。预测从最后一个定位点开始，此时人们常在家中，误差可能小得多。误差条是模型相对于最佳简单方法的 95 % 区间：触及那条线时，优势未得到证实。</translation>
    </message>
    <message>
      <source>The model already has a task '{name}'. In the copy the new task replaces it.</source>
      <translation>模型已有任务“{name}”。在副本中，新任务会替换它。</translation>
    </message>
    <message>
      <source>The model has no head for this.</source>
      <translation>模型没有用于此的任务。</translation>
    </message>
    <message>
      <source>The model is now among your models as '{name}', and used in this project. In the window Models, 'Use as default' uses it in all others.</source>
      <translation>模型已保存到您的模型中，名为“{name}”，并在此项目中使用。在“模型”窗口中点击“设为默认”，即可用于所有其他项目。</translation>
    </message>
    <message>
      <source>The model is {name}, the device {provider}.</source>
      <translation>模型为 {name}，设备为 {provider}。</translation>
    </message>
    <message>
      <source>The model learns one more answer, tested on held-out examples. The training ends by itself, after this time at the latest.</source>
      <translation>模型多学一个答案，并在留出的样例上检验。训练会自行结束，最长不超过此时间。</translation>
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
      <source>The model that comes with RAW is a {own}, so a {preset} starts from scratch.</source>
      <translation>随 RAW 提供的模型是 {own}，因此 {preset} 从零开始训练。</translation>
    </message>
    <message>
      <source>The model to start from. It stays as it is: the training makes a new one.</source>
      <translation>训练的起始模型。它本身不变：训练会生成一个新模型。</translation>
    </message>
    <message>
      <source>The name takes small letters, digits and _, such as: commuter.</source>
      <translation>名称只能使用小写字母、数字和 _，如：commuter。</translation>
    </message>
    <message>
      <source>The network</source>
      <translation>网络</translation>
    </message>
    <message>
      <source>The number of parts of time. Each part gives about the same number of cases.</source>
      <translation>时间段的份数。每份给出的样例数大致相同。</translation>
    </message>
    <message>
      <source>The number of rows of the result. There are fewer if the layer has fewer other users or regions.</source>
      <translation>结果的行数。若图层中其他用户或区域较少，行数也会更少。</translation>
    </message>
    <message>
      <source>The people who move most like one of them, with the reasons in words.</source>
      <translation>移动方式与其中一人最相似的人，并用文字说明理由。</translation>
    </message>
    <message>
      <source>The person or vehicle that moved. Without this field, or with the word none, all fixes are one user's.</source>
      <translation>移动的人或车辆。没有此字段或填 none 时，所有定位点属于同一个用户。</translation>
    </message>
    <message>
      <source>The places that are used most like one of them, by the people who cross them; the reasons in words.</source>
      <translation>从经过的人来看，使用方式与其中一处最相似的地点，并用文字说明理由。</translation>
    </message>
    <message>
      <source>The point on the map is the best single answer. Between two likely places it lies in neither.</source>
      <translation>地图上的点是最佳的单一答案。若有两个可能的地点，它会落在两者之间，不在其中任何一处。</translation>
    </message>
    <message>
      <source>The project is not in a folder: choose a GeoPackage in Settings → Options → RAW.</source>
      <translation>项目不在文件夹中：请在 设置 → 选项 → RAW 中选择一个 GeoPackage。</translation>
    </message>
    <message>
      <source>The project was saved with 'from {stored} people'. A project can come from somebody else, so it does not lower your own number, {own}: choose it again, or change it in Settings → Options → RAW.</source>
      <translation>项目保存时的设置为“至少 {stored} 人”。项目可能来自他人，因此不会降低您自己的数值 {own}：请重新选择，或在 设置 → 选项 → RAW 中更改。</translation>
    </message>
    <message>
      <source>The region lies outside what the map's CRS can express. Draw it elsewhere.</source>
      <translation>该区域超出了地图坐标参考系能表示的范围。请在别处绘制。</translation>
    </message>
    <message>
      <source>The region to compare with</source>
      <translation>作为比较对象的区域</translation>
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
      <source>The same is in the toolbar and in the Processing toolbox, for layers of your own, in batches and in models. Import tracks reads folders and files. Help is in every window.</source>
      <translation>工具栏和“处理”工具箱中有同样的功能，可用于您自己的图层、批处理和模型。“导入轨迹”可读取文件夹和文件。每个窗口都有帮助。</translation>
    </message>
    <message>
      <source>The sample</source>
      <translation>样例</translation>
    </message>
    <message>
      <source>The settings of {date} on the layer as it is now</source>
      <translation>用 {date} 的设置处理当前的图层</translation>
    </message>
    <message>
      <source>The style of {layer} failed: {error}</source>
      <translation>图层 {layer} 的样式应用失败：{error}</translation>
    </message>
    <message>
      <source>The tracks to learn from. They stay on this machine; a copy lies in the run's folder until it is done.</source>
      <translation>用于训练的轨迹。它们不会离开本机；训练完成之前，运行文件夹中会保留一份副本。</translation>
    </message>
    <message>
      <source>The training can start when the devices are found.</source>
      <translation>找到设备后即可开始训练。</translation>
    </message>
    <message>
      <source>The unit that a row of the labels describes.</source>
      <translation>标签表中一行所描述的单元。</translation>
    </message>
    <message>
      <source>The user of the selected feature</source>
      <translation>所选要素的用户</translation>
    </message>
    <message>
      <source>The user to compare with</source>
      <translation>作为比较对象的用户</translation>
    </message>
    <message>
      <source>The user's id, as in the user field.</source>
      <translation>用户的 id，与用户字段中的写法相同。</translation>
    </message>
    <message>
      <source>There is no folder to keep embeddings in: {error}</source>
      <translation>没有可存放嵌入的文件夹：{error}</translation>
    </message>
    <message>
      <source>There is no track of two fixes to forecast.</source>
      <translation>没有包含两个定位点的轨迹可供预测。</translation>
    </message>
    <message>
      <source>There is no user '{name}' with two usable fixes.</source>
      <translation>没有包含两个可用定位点的用户“{name}”。</translation>
    </message>
    <message>
      <source>There is nothing to test on.</source>
      <translation>没有可测试的内容。</translation>
    </message>
    <message>
      <source>These experimental heads learned from simulated people: commuters, metro users, figures of regions. No real people have confirmed their answers, which are marked. Labels that you teach always answer.</source>
      <translation>这些实验性任务从模拟人群中学习：通勤者、地铁用户、区域数值。其结果未经真实人群验证，并会加以标记。您自己教的标签始终作答。</translation>
    </message>
    <message>
      <source>These results are not saved with the project, and stay temporary. {why}</source>
      <translation>这些结果未随项目保存，仍是临时的。{why}</translation>
    </message>
    <message>
      <source>They are in use. They will be deleted when QGIS starts the next time.</source>
      <translation>它们正在使用中。下次启动 QGIS 时会删除。</translation>
    </message>
    <message>
      <source>This cannot be read: the row is skipped.</source>
      <translation>无法读取：跳过此行。</translation>
    </message>
    <message>
      <source>This model holds {count:,} prototypes of local movement. They may improve forecasts there, but whoever gets the file sees where people went. Leave them out?</source>
      <translation>此模型包含 {count:,} 个本地移动的原型。它们可能改进那里的预测，但得到文件的人能看到人们去过哪里。是否不包含它们？</translation>
    </message>
    <message>
      <source>This model was refused: {why}</source>
      <translation>此模型被拒绝：{why}</translation>
    </message>
    <message>
      <source>This page is about one person: keep it as you keep the tracks, and do not publish it.</source>
      <translation>此页涉及个人：请像保管轨迹一样保管，不要发布。</translation>
    </message>
    <message>
      <source>Those labels are 'unknown', and in_domain is false.</source>
      <translation>这些标签为“unknown”，in_domain 为 false。</translation>
    </message>
    <message>
      <source>Thu</source>
      <translation>周四</translation>
    </message>
    <message>
      <source>Tiles of an XYZ connection of QGIS, below the layers. Before the first request it explains whom it asks.</source>
      <translation>QGIS 中某个 XYZ 连接的切片，位于各图层之下。首次请求之前会说明向谁请求。</translation>
    </message>
    <message>
      <source>Time</source>
      <translation>时间</translation>
    </message>
    <message>
      <source>Time column (empty: guessed)</source>
      <translation>时间列（留空：自动识别）</translation>
    </message>
    <message>
      <source>Time field</source>
      <translation>时间字段</translation>
    </message>
    <message>
      <source>Time field (empty: guessed)</source>
      <translation>时间字段（留空：自动识别）</translation>
    </message>
    <message>
      <source>Time of {zone}</source>
      <translation>{zone} 时间</translation>
    </message>
    <message>
      <source>Time shown: {first} to {last} UTC.</source>
      <translation>显示的时间：{first} 至 {last} UTC。</translation>
    </message>
    <message>
      <source>Time zone</source>
      <translation>时区</translation>
    </message>
    <message>
      <source>Time zone of times without one</source>
      <translation>未写时区的时间采用的时区</translation>
    </message>
    <message>
      <source>Time, UTC</source>
      <translation>时间，UTC</translation>
    </message>
    <message>
      <source>Title</source>
      <translation>标题</translation>
    </message>
    <message>
      <source>To review doubtful trips, sort their table by mode_p and correct the mode.</source>
      <translation>要检查存疑的出行，请按 mode_p 对出行表排序并更正出行方式。</translation>
    </message>
    <message>
      <source>Track</source>
      <translation>轨迹</translation>
    </message>
    <message>
      <source>Track column (empty: guessed)</source>
      <translation>轨迹列（留空：自动识别）</translation>
    </message>
    <message>
      <source>Track field</source>
      <translation>轨迹字段</translation>
    </message>
    <message>
      <source>Track field (empty: guessed)</source>
      <translation>轨迹字段（留空：自动识别）</translation>
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
      <source>Train for at most</source>
      <translation>最长训练时间</translation>
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
      <translation>出行、旅程或路段。没有此字段或填 none 时，每个用户为一条轨迹。</translation>
    </message>
    <message>
      <source>Trips</source>
      <translation>出行</translation>
    </message>
    <message>
      <source>Trips a day</source>
      <translation>每日出行次数</translation>
    </message>
    <message>
      <source>Trust the model</source>
      <translation>信任该模型</translation>
    </message>
    <message>
      <source>Trust…</source>
      <translation>信任…</translation>
    </message>
    <message>
      <source>Tue</source>
      <translation>周二</translation>
    </message>
    <message>
      <source>Two users within this distance are near each other.</source>
      <translation>两个用户相距不超过此距离即算彼此靠近。</translation>
    </message>
    <message>
      <source>Two words are a yes or no, more words are classes, numbers are learned as numbers.</source>
      <translation>两个不同的词构成是非题，更多的词构成类别，数值则按数值学习。</translation>
    </message>
    <message>
      <source>Undo</source>
      <translation>撤销</translation>
    </message>
    <message>
      <source>Unknown: not sure</source>
      <translation>未知：不确定</translation>
    </message>
    <message>
      <source>Unknown: too few nights</source>
      <translation>未知：夜晚太少</translation>
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
      <source>Use this field</source>
      <translation>使用此字段</translation>
    </message>
    <message>
      <source>Use this model</source>
      <translation>使用此模型</translation>
    </message>
    <message>
      <source>Use {crs}</source>
      <translation>使用 {crs}</translation>
    </message>
    <message>
      <source>User</source>
      <translation>用户</translation>
    </message>
    <message>
      <source>User column (empty: guessed)</source>
      <translation>用户列（留空：自动识别）</translation>
    </message>
    <message>
      <source>User field</source>
      <translation>用户字段</translation>
    </message>
    <message>
      <source>User field (empty: guessed)</source>
      <translation>用户字段（留空：自动识别）</translation>
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
      <translation>模型读取完毕后即可查看用户。</translation>
    </message>
    <message>
      <source>Users who are near each other for less only pass.</source>
      <translation>靠近时间更短的用户只算擦肩而过。</translation>
    </message>
    <message>
      <source>Usual places</source>
      <translation>常去地点</translation>
    </message>
    <message>
      <source>Verdict</source>
      <translation>结论</translation>
    </message>
    <message>
      <source>Version</source>
      <translation>版本</translation>
    </message>
    <message>
      <source>Versions, devices and a timed run of the model, to be copied with a click.</source>
      <translation>版本、设备和模型运行耗时，一键复制。</translation>
    </message>
    <message>
      <source>Visits</source>
      <translation>到访次数</translation>
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
      <translation>RAW 的功能和用法。</translation>
    </message>
    <message>
      <source>What in a layer could name somebody: ids, homes, fixes, few people, figures that can be subtracted.</source>
      <translation>图层中可能识别出个人的内容：标识、住处、定位点、人数过少、可以相减的数值。</translation>
    </message>
    <message>
      <source>What in the drawn regions could name somebody, before you publish them</source>
      <translation>发布之前，绘制的区域中有哪些内容可能识别出个人</translation>
    </message>
    <message>
      <source>What models are, and what is checked</source>
      <translation>什么是模型，以及会检查哪些内容</translation>
    </message>
    <message>
      <source>What the colours of the labelled layer show</source>
      <translation>标签图层的颜色所表示的内容</translation>
    </message>
    <message>
      <source>What the installation prints appears here.</source>
      <translation>安装过程的输出显示在这里。</translation>
    </message>
    <message>
      <source>What the model shall learn.</source>
      <translation>模型要学习的内容。</translation>
    </message>
    <message>
      <source>What the model was trained on, and how good it is</source>
      <translation>模型的训练数据及其效果</translation>
    </message>
    <message>
      <source>What to use, one sentence per horizon</source>
      <translation>建议使用什么，每个预测时长一句话</translation>
    </message>
    <message>
      <source>When the project is saved, keep results</source>
      <translation>保存项目时，结果保存在</translation>
    </message>
    <message>
      <source>Where a user was in a longer gap between two fixes is not known, so there are no encounters in it.</source>
      <translation>用户在两个定位点之间较长的空缺中身在何处不得而知，因此其中没有相遇。</translation>
    </message>
    <message>
      <source>Where no other model is chosen</source>
      <translation>未另选模型时使用</translation>
    </message>
    <message>
      <source>Where people are likely to be after their last fix, with areas that hold them in 50 and 80 % of cases.</source>
      <translation>预测人在最后一个定位点之后可能的位置，并给出在 50 % 和 80 % 的情况下包含其位置的区域。</translation>
    </message>
    <message>
      <source>Where people stopped and how long, and their trips in between with the mode of transport.</source>
      <translation>人们在哪里停留、停留多久，以及其间的出行和出行方式。</translation>
    </message>
    <message>
      <source>Where people were between two fixes, with areas that hold them in 50 and 80 % of cases.</source>
      <translation>推断人在两个定位点之间的位置，并给出在 50 % 和 80 % 的情况下包含其位置的区域。</translation>
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
      <source>Which packages RAW needs beyond QGIS, which are missing, and their installation.</source>
      <translation>RAW 在 QGIS 之外还需要哪些软件包、缺少哪些，以及如何安装。</translation>
    </message>
    <message>
      <source>Withheld to protect people</source>
      <translation>为保护个人而不公布</translation>
    </message>
    <message>
      <source>Withheld: labels of fewer than {n} people each, and a label that would reveal them.</source>
      <translation>不公布：各自少于 {n} 人的标签，以及会暴露这些人的一个标签。</translation>
    </message>
    <message>
      <source>Work</source>
      <translation>工作地</translation>
    </message>
    <message>
      <source>Would such forecasts have been right?</source>
      <translation>这类预测过去是否准确？</translation>
    </message>
    <message>
      <source>Write a travel diary</source>
      <translation>生成出行日记</translation>
    </message>
    <message>
      <source>Write it as a .zip, to pass it on</source>
      <translation>写成 .zip 文件，以便分享</translation>
    </message>
    <message>
      <source>Writing</source>
      <translation>正在写入</translation>
    </message>
    <message>
      <source>Writing the diary</source>
      <translation>正在生成出行日记</translation>
    </message>
    <message>
      <source>Writing the report</source>
      <translation>正在生成报告</translation>
    </message>
    <message>
      <source>Written: {path}</source>
      <translation>已写入：{path}</translation>
    </message>
    <message>
      <source>You can send this to somebody who helps you. It holds no data of yours.</source>
      <translation>可将此内容发给帮助您的人。其中不含您的任何数据。</translation>
    </message>
    <message>
      <source>Your own data</source>
      <translation>您自己的数据</translation>
    </message>
    <message>
      <source>Zoom to a track, dim the others, and set the map's clock to its time</source>
      <translation>缩放到一条轨迹，淡化其他轨迹，并把地图时钟设为其时间</translation>
    </message>
    <message>
      <source>[% level %] % of cases lie inside</source>
      <translation>[% level %] % 的情况位于其内</translation>
    </message>
    <message>
      <source>[% n_points %] fixes</source>
      <translation>[% n_points %] 个定位点</translation>
    </message>
    <message>
      <source>[% round(duration_min) %] min</source>
      <translation>[% round(duration_min) %] 分钟</translation>
    </message>
    <message>
      <source>[% round(horizon_min) %] min ahead</source>
      <translation>[% round(horizon_min) %] 分钟后</translation>
    </message>
    <message>
      <source>a temporary layer, which ends with QGIS</source>
      <translation>临时图层，QGIS 关闭后消失</translation>
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
      <source>all alike</source>
      <translation>全部同等显示</translation>
    </message>
    <message>
      <source>auto uses the graphics card if ONNX Runtime can. The log names the device.</source>
      <translation>auto 在 ONNX Runtime 支持时使用显卡。日志会写明所用设备。</translation>
    </message>
    <message>
      <source>auto uses the graphics card if PyTorch can.</source>
      <translation>auto 在 PyTorch 支持时使用显卡。</translation>
    </message>
    <message>
      <source>auto: recognised from the files.</source>
      <translation>auto：根据文件自动识别。</translation>
    </message>
    <message>
      <source>auto: recognised where a day over 12 shows it. Where none does, the algorithm asks for it.</source>
      <translation>auto：出现大于 12 的日时自动识别；没有时，算法会要求指定。</translation>
    </message>
    <message>
      <source>best simple method</source>
      <translation>最佳简单方法</translation>
    </message>
    <message>
      <source>bike</source>
      <translation>自行车</translation>
    </message>
    <message>
      <source>blank</source>
      <translation>空格</translation>
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
      <source>choose…</source>
      <translation>选择…</translation>
    </message>
    <message>
      <source>comma  ,</source>
      <translation>逗号  ,</translation>
    </message>
    <message>
      <source>day</source>
      <translation>天</translation>
    </message>
    <message>
      <source>day first, as recognised</source>
      <translation>日在前（自动识别）</translation>
    </message>
    <message>
      <source>day first: 31/12/2024</source>
      <translation>日在前：31/12/2024</translation>
    </message>
    <message>
      <source>different</source>
      <translation>不同</translation>
    </message>
    <message>
      <source>does not work: {reason}</source>
      <translation>无法使用：{reason}</translation>
    </message>
    <message>
      <source>elsewhere</source>
      <translation>其他地点</translation>
    </message>
    <message>
      <source>embedded {share:.0%} of the tracks</source>
      <translation>已计算 {share:.0%} 轨迹的嵌入</translation>
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
      <source>error relative to the baseline, on unseen people: </source>
      <translation>相对于基线的误差（未见过的人）：</translation>
    </message>
    <message>
      <source>every day</source>
      <translation>每天</translation>
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
      <source>everywhere</source>
      <translation>不限</translation>
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
      <source>fixes: with a fix in it. segments: also where the straight line between two fixes (15 minutes and 5 km at most) crosses it.</source>
      <translation>fixes：区域内有定位点。segments：两个定位点之间的直线（最多相隔 15 分钟和 5 公里）穿过区域也算。</translation>
    </message>
    <message>
      <source>for FIT and GTFS-realtime</source>
      <translation>用于 FIT 和 GTFS-realtime</translation>
    </message>
    <message>
      <source>for training</source>
      <translation>训练用</translation>
    </message>
    <message>
      <source>from </source>
      <translation>至少 </translation>
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
      <source>frozen: the network does not change; takes minutes. tuned: the network is trained too; needs some thousand labels, and the copy loses its other tasks.</source>
      <translation>frozen：网络不变，只需几分钟。tuned：同时训练网络，需要数千个标签，副本会失去其他任务。</translation>
    </message>
    <message>
      <source>geometry</source>
      <translation>几何图形</translation>
    </message>
    <message>
      <source>half of the cases within [% round(radius50_m) %] m, four fifths within [% round(radius80_m) %] m</source>
      <translation>一半情况在 [% round(radius50_m) %] 米以内，五分之四在 [% round(radius80_m) %] 米以内</translation>
    </message>
    <message>
      <source>importing a model</source>
      <translation>导入模型</translation>
    </message>
    <message>
      <source>in a GeoPackage beside the project</source>
      <translation>项目旁的 GeoPackage 中</translation>
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
      <source>in this GeoPackage</source>
      <translation>此 GeoPackage 中</translation>
    </message>
    <message>
      <source>interrupted</source>
      <translation>已中断</translation>
    </message>
    <message>
      <source>labels of your own</source>
      <translation>您自己的标签</translation>
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
      <source>mean error</source>
      <translation>平均误差</translation>
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
      <source>month first, as recognised</source>
      <translation>月在前（自动识别）</translation>
    </message>
    <message>
      <source>month first: 12/31/2024</source>
      <translation>月在前：12/31/2024</translation>
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
      <source>no proof that it is better than a simple method</source>
      <translation>未证实优于简单方法</translation>
    </message>
    <message>
      <source>none</source>
      <translation>无</translation>
    </message>
    <message>
      <source>none: one track a user</source>
      <translation>无：每个用户一条轨迹</translation>
    </message>
    <message>
      <source>none: one user's</source>
      <translation>无：属于同一用户</translation>
    </message>
    <message>
      <source>nothing known</source>
      <translation>没有信息</translation>
    </message>
    <message>
      <source>nothing: random weights</source>
      <translation>无（随机权重）</translation>
    </message>
    <message>
      <source>nowhere: they are temporary</source>
      <translation>不保存：仅为临时结果</translation>
    </message>
    <message>
      <source>open the OSGeo4W Shell from the Start menu and run</source>
      <translation>从开始菜单打开 OSGeo4W Shell 并运行</translation>
    </message>
    <message>
      <source>or a user's name</source>
      <translation>或输入用户名</translation>
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
      <source>pipe  |</source>
      <translation>竖线  |</translation>
    </message>
    <message>
      <source>rail</source>
      <translation>轨道交通</translation>
    </message>
    <message>
      <source>rank {a} of {n}</source>
      <translation>{n} 个中排第 {a}</translation>
    </message>
    <message>
      <source>rank {a} to {b} of {n}</source>
      <translation>{n} 个中排第 {a} 至 {b}</translation>
    </message>
    <message>
      <source>raw-small suits a laptop; raw-base and larger need a graphics card. In another size than raw-small, training starts from scratch; a model of your own keeps its size.</source>
      <translation>raw-small 适合笔记本电脑；raw-base 及更大的需要显卡。选用 raw-small 以外的大小时，训练从零开始；您自己的模型保持原有大小。</translation>
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
      <source>raw_label: the project has no profiles. Run RAW → People → Profile users first.</source>
      <translation>raw_label：项目中没有画像。请先运行 RAW → 人 → 用户画像。</translation>
    </message>
    <message>
      <source>raw_similarity: the project has no embeddings. Run RAW → Data → Embed tracks, unit user, first.</source>
      <translation>raw_similarity：项目中没有嵌入。请先运行 RAW → 数据 → 嵌入轨迹，单元为 user。</translation>
    </message>
    <message>
      <source>reading the tracks</source>
      <translation>正在读取轨迹</translation>
    </message>
    <message>
      <source>ready</source>
      <translation>就绪</translation>
    </message>
    <message>
      <source>recognised</source>
      <translation>自动识别</translation>
    </message>
    <message>
      <source>region</source>
      <translation>区域</translation>
    </message>
    <message>
      <source>relative to a simple method</source>
      <translation>相对于简单方法</translation>
    </message>
    <message>
      <source>removing a model</source>
      <translation>移除模型</translation>
    </message>
    <message>
      <source>right in {share:.0f} % of cases that it had not learned from ({n} sources weigh alike, the worst {low:.0f} %, the best {high:.0f} %; unknown counts as wrong).</source>
      <translation>在未用于学习的情况中，{share:.0f} % 正确（{n} 个数据来源权重相同，最差 {low:.0f} %，最好 {high:.0f} %；“未知”算作错误）。</translation>
    </message>
    <message>
      <source>running</source>
      <translation>运行中</translation>
    </message>
    <message>
      <source>see its card</source>
      <translation>详见说明卡</translation>
    </message>
    <message>
      <source>semicolon  ;</source>
      <translation>分号  ;</translation>
    </message>
    <message>
      <source>shipped: the model that comes with RAW. none: start from scratch. Or a bundle's folder or .zip.</source>
      <translation>shipped：随 RAW 提供的模型。none：从零开始。也可填模型包的文件夹或 .zip。</translation>
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
      <source>simulated data</source>
      <translation>模拟数据</translation>
    </message>
    <message>
      <source>solar time</source>
      <translation>太阳时</translation>
    </message>
    <message>
      <source>starting PyTorch, which takes some seconds</source>
      <translation>正在启动 PyTorch，需要几秒钟</translation>
    </message>
    <message>
      <source>staying</source>
      <translation>停在原地</translation>
    </message>
    <message>
      <source>step {step}: loss {loss:.3f}</source>
      <translation>第 {step} 步：损失 {loss:.3f}</translation>
    </message>
    <message>
      <source>stops and trips</source>
      <translation>停留和出行</translation>
    </message>
    <message>
      <source>tab</source>
      <translation>制表符</translation>
    </message>
    <message>
      <source>tested on held-out units: {fold} of {of} times</source>
      <translation>已用留出的单元检验：{fold}/{of} 次</translation>
    </message>
    <message>
      <source>the end</source>
      <translation>末尾</translation>
    </message>
    <message>
      <source>the first fix</source>
      <translation>第一个定位点</translation>
    </message>
    <message>
      <source>the model</source>
      <translation>模型</translation>
    </message>
    <message>
      <source>the same</source>
      <translation>相同</translation>
    </message>
    <message>
      <source>these tracks</source>
      <translation>这些轨迹</translation>
    </message>
    <message>
      <source>this layer</source>
      <translation>此图层</translation>
    </message>
    <message>
      <source>too large to be checked here: run Check before publishing.</source>
      <translation>过大，无法在此检查：请运行“发布前检查”。</translation>
    </message>
    <message>
      <source>track</source>
      <translation>轨迹</translation>
    </message>
    <message>
      <source>track, after its last fix</source>
      <translation>轨迹，其最后一个定位点之后</translation>
    </message>
    <message>
      <source>tracks (trips)</source>
      <translation>轨迹（出行）</translation>
    </message>
    <message>
      <source>trusting a model</source>
      <translation>信任模型</translation>
    </message>
    <message>
      <source>unknown</source>
      <translation>未知</translation>
    </message>
    <message>
      <source>user</source>
      <translation>用户</translation>
    </message>
    <message>
      <source>user, after the last fix</source>
      <translation>用户，最后一个定位点之后</translation>
    </message>
    <message>
      <source>user: a point at the most visited place, snapped to a 500 m grid. track: its line, cut at gaps. day: one result a user and day.</source>
      <translation>user：最常到访地点的一个点，对齐到 500 米网格。track：其轨迹线，在空缺处断开。day：每个用户每天一个结果。</translation>
    </message>
    <message>
      <source>user: all tracks of a user together. day: a user's day of mean solar time.</source>
      <translation>user：把一个用户的所有轨迹合并。day：用户的一天，按平太阳时划分。</translation>
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
      <source>withheld</source>
      <translation>不公布</translation>
    </message>
    <message>
      <source>yes</source>
      <translation>是</translation>
    </message>
    <message>
      <source>{algorithm} has no parameter {name}, so its value is not used. It has: {names}.</source>
      <translation>{algorithm} 没有参数 {name}，因此不使用它的值。已有参数：{names}。</translation>
    </message>
    <message>
      <source>{at}: in half of all cases a simple method is nearer. At {first}, {half}.</source>
      <translation>{at}：一半情况下简单方法更接近。{first}：{half}。</translation>
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
      <source>{clock}; full colour is {n:,} people; hatched: fewer than {k}.</source>
      <translation>{clock}；最深色为 {n:,} 人；斜线表示少于 {k} 人。</translation>
    </message>
    <message>
      <source>{crs} turns and stretches the map of {layer}.</source>
      <translation>{crs} 会使 {layer} 的地图旋转和拉伸。</translation>
    </message>
    <message>
      <source>{date} may begin with the day or with the month: choose under Dates.</source>
      <translation>{date} 可能是日在前，也可能是月在前：请在“日期”中选择。</translation>
    </message>
    <message>
      <source>{figures}: not distinguishable</source>
      <translation>{figures}：无法区分</translation>
    </message>
    <message>
      <source>{file} cannot be opened as a table. Save it as CSV or GeoPackage.</source>
      <translation>{file} 无法作为表打开。请将其另存为 CSV 或 GeoPackage。</translation>
    </message>
    <message>
      <source>{file} could not be written: {why}</source>
      <translation>无法写入 {file}：{why}</translation>
    </message>
    <message>
      <source>{file} exists already. Replace it?</source>
      <translation>{file} 已存在。是否替换？</translation>
    </message>
    <message>
      <source>{file} has only the fields, no geometry. A GeoPackage keeps both.</source>
      <translation>{file} 只有字段，没有几何。GeoPackage 两者都能保存。</translation>
    </message>
    <message>
      <source>{first} to {last} {zone}</source>
      <translation>{first} 至 {last} {zone}</translation>
    </message>
    <message>
      <source>{label} of each day</source>
      <translation>每天的{label}</translation>
    </message>
    <message>
      <source>{label} of each region</source>
      <translation>每个区域的{label}</translation>
    </message>
    <message>
      <source>{label} of each track</source>
      <translation>每条轨迹的{label}</translation>
    </message>
    <message>
      <source>{label} of each user</source>
      <translation>每个用户的{label}</translation>
    </message>
    <message>
      <source>{layer} is being edited: stop editing, and save again.</source>
      <translation>{layer} 正在编辑：请停止编辑，然后重新保存。</translation>
    </message>
    <message>
      <source>{left} of training left, then calibrating and testing</source>
      <translation>训练剩余 {left}，之后校准并检验</translation>
    </message>
    <message>
      <source>{megabytes} MB</source>
      <translation>{megabytes} MB</translation>
    </message>
    <message>
      <source>{more} points</source>
      <translation>{more} 个百分点</translation>
    </message>
    <message>
      <source>{more}, at least {least}</source>
      <translation>{more}，至少 {least}</translation>
    </message>
    <message>
      <source>{m} min ahead: {1} in half, {0} in four fifths of cases</source>
      <translation>{m} 分钟后：一半情况在 {1} 以内，五分之四在 {0} 以内</translation>
    </message>
    <message>
      <source>{n:,.0f} fixes a second</source>
      <translation>每秒 {n:,.0f} 个定位点</translation>
    </message>
    <message>
      <source>{n:,} fixes</source>
      <translation>{n:,} 个定位点</translation>
    </message>
    <message>
      <source>{n:,} fixes, {first} to {last} {zone}</source>
      <translation>{n:,} 个定位点，{first} 至 {last} {zone}</translation>
    </message>
    <message>
      <source>{n:,} gaps longer than {minutes:g} minutes stay open.</source>
      <translation>{n:,} 个超过 {minutes:g} 分钟的空缺未填补。</translation>
    </message>
    <message>
      <source>{n:,} labelled on {date}: {name}.</source>
      <translation>{date} 已标注 {n:,} 个：{name}。</translation>
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
      <source>{n:,} of {all:,} fixes</source>
      <translation>{all:,} 个定位点中的 {n:,} 个</translation>
    </message>
    <message>
      <source>{n:,} of {all:,} fixes were skipped: {why}.</source>
      <translation>{all:,} 个定位点中跳过 {n:,} 个：{why}。</translation>
    </message>
    <message>
      <source>{n:,} of {all:,} tracks last longer than {hours:g} hours: one label may stand for many trips. A travel diary ('stops and trips' in the dock) labels each trip.</source>
      <translation>{all:,} 条轨迹中有 {n:,} 条长于 {hours:g} 小时：一个标签可能代表多次出行。出行日记（面板中的“停留和出行”）会为每次出行标注。</translation>
    </message>
    <message>
      <source>{n:,} people</source>
      <translation>{n:,} 人</translation>
    </message>
    <message>
      <source>{n:,} positions in {k:,} gaps.</source>
      <translation>{k:,} 个空缺中的 {n:,} 个位置。</translation>
    </message>
    <message>
      <source>{n:,} tracks</source>
      <translation>{n:,} 条轨迹</translation>
    </message>
    <message>
      <source>{n:,} users</source>
      <translation>{n:,} 个用户</translation>
    </message>
    <message>
      <source>{n:,} {unit} with numbers from {low:g} to {high:g}, median {middle:g}: the answer will be a number.</source>
      <translation>{n:,} 个{unit}，数值从 {low:g} 到 {high:g}，中位数 {middle:g}：模型将给出数值。</translation>
    </message>
    <message>
      <source>{name} (comes with RAW)</source>
      <translation>{name}（随 RAW 提供）</translation>
    </message>
    <message>
      <source>{name} cannot be {value}: QGIS takes it for several fields. Rename the field without ;.</source>
      <translation>{name} 不能是 {value}：QGIS 会把它当作多个字段。请重命名该字段，去掉 ;。</translation>
    </message>
    <message>
      <source>{name} has to be a number from {least} to {most}, not {value}.</source>
      <translation>{name} 必须是 {least} 到 {most} 之间的数，而不是 {value}。</translation>
    </message>
    <message>
      <source>{name} has to be a number of {least} or more, not {value}.</source>
      <translation>{name} 必须是不小于 {least} 的数，而不是 {value}。</translation>
    </message>
    <message>
      <source>{name} has to be one of {options}, not {value}.</source>
      <translation>{name} 必须是以下之一：{options}，而不是 {value}。</translation>
    </message>
    <message>
      <source>{name} has to be written like {example}, not {value}.</source>
      <translation>{name} 必须写成 {example} 这样的形式，而不是 {value}。</translation>
    </message>
    <message>
      <source>{name} is empty, but its file also has {layers}: give it as FILE|layername=NAME.</source>
      <translation>{name} 为空，但该文件还有 {layers}：请写成 文件|layername=名称。</translation>
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
      <source>{name}: {n:,} different values</source>
      <translation>{name}：{n:,} 个不同的值</translation>
    </message>
    <message>
      <source>{n} % of cases lie inside</source>
      <translation>{n} % 的情况位于其内</translation>
    </message>
    <message>
      <source>{n} of {m} regions are left out: fewer than {k} users.</source>
      <translation>{m} 个区域中有 {n} 个被略去：少于 {k} 个用户。</translation>
    </message>
    <message>
      <source>{n} of {m} regions are withheld: they would show figures of fewer than {k} users.</source>
      <translation>{m} 个区域中有 {n} 个不公布：否则会显示少于 {k} 名用户的数值。</translation>
    </message>
    <message>
      <source>{one} and {other}</source>
      <translation>{one} 与 {other}</translation>
    </message>
    <message>
      <source>{path} could not be written. Choose another folder or name.</source>
      <translation>无法写入 {path}。请选择其他文件夹或名称。</translation>
    </message>
    <message>
      <source>{preset} does not fit into the memory of this device.</source>
      <translation>{preset} 超出此设备的内存。</translation>
    </message>
    <message>
      <source>{preset} sees about {speed:,.0f} fixes a second here: {seen:,.0f} in {minutes:g} minutes</source>
      <translation>{preset} 在此设备上每秒约处理 {speed:,.0f} 个定位点：{minutes:g} 分钟共 {seen:,.0f} 个</translation>
    </message>
    <message>
      <source>{shares} of the time. Cells of {size:.0f} m on the map, not addresses. Hours: {zone}.</source>
      <translation>时间占比：{shares}。地图上是 {size:.0f} 米的网格单元，不是地址。时刻采用：{zone}。</translation>
    </message>
    <message>
      <source>{title}, {horizon:g} min every {step:g}</source>
      <translation>{title}，{horizon:g} 分钟，每 {step:g} 分钟一个</translation>
    </message>
    <message>
      <source>{title}: finished.</source>
      <translation>{title}：已完成。</translation>
    </message>
    <message>
      <source>{title}: it ended with an error.</source>
      <translation>{title}：因出错而终止。</translation>
    </message>
    <message>
      <source>{verdict}

Use this model all the same?</source>
      <translation>{verdict}

仍要使用此模型吗？</translation>
    </message>
    <message>
      <source>{what}: {left} left</source>
      <translation>{what}：剩余 {left}</translation>
    </message>
    <message>
      <source>{what}: {share:.0%}</source>
      <translation>{what}：{share:.0%}</translation>
    </message>
    <message>
      <source>{what}: {share:.0%}, {left} left</source>
      <translation>{what}：{share:.0%}，剩余 {left}</translation>
    </message>
    <message>
      <source>⚠ The map's clock is at {begin} to {end} UTC, and this track's forecasts are of {a} to {b} UTC: the map does not show them. Choose the track again to set the clock.</source>
      <translation>⚠ 地图时钟位于 {begin} 至 {end} UTC，而此轨迹的预测为 {a} 至 {b} UTC：地图不显示这些预测。请重新选择轨迹以设置时钟。</translation>
    </message>
    <message>
      <source>⚠ The map's clock is off: the map shows the last forecasts alone. Choose a track to set the clock.</source>
      <translation>⚠ 地图时钟已关闭：地图只显示最后的预测。请选择一条轨迹以设置时钟。</translation>
    </message>
    <message>
      <source>⚠ Training needs packages that are missing or old: {names}, about {megabytes:,} MB to download.</source>
      <translation>⚠ 训练所需的软件包缺失或过旧：{names}，需下载约 {megabytes:,} MB。</translation>
    </message>
    <message>
      <source>⚠ Unlike what the model was trained on: {reasons}.</source>
      <translation>⚠ 与模型的训练数据不同：{reasons}。</translation>
    </message>
    <message>
      <source>⚠ Unlike what this was trained on: {reasons}.</source>
      <translation>⚠ 与此标签的训练数据不同：{reasons}。</translation>
    </message>
    <message>
      <source>⚠ Without a user field all fixes count as one person's: nobody can be held out.</source>
      <translation>⚠ 没有用户字段时，所有定位点都算作同一个人的：无法留出任何人用于检验。</translation>
    </message>
  </context>
</TS>
