<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
  <context>
    <name>RAW</name>
    <message>
      <source> or </source>
      <translation>或</translation>
    </message>
    <message>
      <source>'{name}' is no name for a label: {rule}.</source>
      <translation>“{name}”不能作为标签名：{rule}。</translation>
    </message>
    <message>
      <source>'{path}' is not a table, neither a CSV nor a Parquet file.</source>
      <translation>“{path}”不是表格，既非 CSV 也非 Parquet 文件。</translation>
    </message>
    <message>
      <source>, one every {time}</source>
      <translation>，每 {time} 一个</translation>
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
      <source>15 to 150 min ahead</source>
      <translation>提前 15 至 150 分钟</translation>
    </message>
    <message>
      <source>15 to 150 min ahead round the clock</source>
      <translation>全天候提前 15 至 150 分钟</translation>
    </message>
    <message>
      <source>&lt;b&gt;Paused.&lt;/b&gt; Resume it now or another day.</source>
      <translation>&lt;b&gt;已暂停。&lt;/b&gt;可现在恢复，也可改天再恢复。</translation>
    </message>
    <message>
      <source>&lt;b&gt;Running.&lt;/b&gt;</source>
      <translation>&lt;b&gt;正在运行。&lt;/b&gt;</translation>
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
      <source>A bundle's folder, the card.json in it, or its .zip. Empty: the model that comes with RAW.</source>
      <translation>模型包的文件夹、其中的 card.json，或其 .zip。留空：随 RAW 提供的模型。</translation>
    </message>
    <message>
      <source>A figure of fewer users is withheld, so that nobody is exposed.</source>
      <translation>用户更少的数字不予显示，以免暴露任何人。</translation>
    </message>
    <message>
      <source>A file is in use, perhaps by another QGIS or a virus scanner. Close other windows of QGIS, wait a minute, then press Install again.</source>
      <translation>有文件正在使用，可能是另一个 QGIS 或杀毒软件。请关闭其他 QGIS 窗口，等一分钟，然后再次点击“安装”。</translation>
    </message>
    <message>
      <source>A file is not the one that RAW was tested with: it was changed or damaged, and nothing was installed.</source>
      <translation>有文件不是 RAW 测试过的那个：它被更改或损坏，没有安装任何内容。</translation>
    </message>
    <message>
      <source>A file of positions. For a folder (GeoLife, many files) write or paste its path.</source>
      <translation>一个位置文件。若为文件夹（GeoLife、多个文件），请输入或粘贴其路径。</translation>
    </message>
    <message>
      <source>A file that unpacks to more is refused: it may be made to fill the disk or the memory.</source>
      <translation>解压后超过此数的文件会被拒绝：它可能是为占满磁盘或内存而制作的。</translation>
    </message>
    <message>
      <source>A label less sure than {share:.0%} is given as 'unknown'.</source>
      <translation>把握低于 {share:.0%} 的标签记为“unknown”。</translation>
    </message>
    <message>
      <source>A page with title, legend, scale and notes in QGIS's layout window.</source>
      <translation>在 QGIS 布局窗口中生成带标题、图例、比例尺和说明的页面。</translation>
    </message>
    <message>
      <source>A row is shown if its number of users, with noise, is so large.</source>
      <translation>加噪声后的用户数不小于此值时，才显示该行。</translation>
    </message>
    <message>
      <source>A row of figures for each user, track or day, by which they can be compared, clustered or classified.</source>
      <translation>每个用户、轨迹或每天一行数值，可用于比较、聚类或分类。</translation>
    </message>
    <message>
      <source>A simple method does as well or better</source>
      <translation>简单方法同样好或更好</translation>
    </message>
    <message>
      <source>A table with an id and the label for each user, track or day; for regions, their polygons.</source>
      <translation>包含每个用户、轨迹或每天的 id 和标签的表；若标签针对区域，则为区域多边形图层。</translation>
    </message>
    <message>
      <source>A target has too few fixes, so that there is no embedding to compare.</source>
      <translation>目标的定位点太少，没有可比较的嵌入。</translation>
    </message>
    <message>
      <source>A user's trips, on average: {shares}.</source>
      <translation>用户出行的平均构成：{shares}。</translation>
    </message>
    <message>
      <source>About {n:,} users are in more than {rows} rows and count in so many, chosen at random.</source>
      <translation>约有 {n:,} 名用户出现在超过 {rows} 行中，只在随机选取的这么多行中计数。</translation>
    </message>
    <message>
      <source>Accuracy of such forecasts on the past of this layer, compared with simple methods</source>
      <translation>用此图层过去的数据检验这类预测的精度，并与简单方法比较</translation>
    </message>
    <message>
      <source>All files (*)</source>
      <translation>所有文件 (*)</translation>
    </message>
    <message>
      <source>All labelled regions lie within two kilometres or are joined by overlaps, so none is far enough from the others to test on: label regions of one level (tracts or districts) and a wider area.</source>
      <translation>所有已标注区域都在两公里之内或相互重叠，没有一个离其他区域足够远可用于测试：请标注同一层级（普查区或城区）且范围更大的区域。</translation>
    </message>
    <message>
      <source>All labels are equal: there is nothing to learn.</source>
      <translation>所有标签都相同：没有可学习的内容。</translation>
    </message>
    <message>
      <source>All positions lie within a metre, so their coordinate system is wrong: degrees that are read as metres, for example. Set the coordinate system of the layer or file.</source>
      <translation>所有位置都在一米之内，因此坐标系有误：例如把度当作米读取。请设置图层或文件的坐标系。</translation>
    </message>
    <message>
      <source>Also what training needs</source>
      <translation>同时安装训练所需的软件包</translation>
    </message>
    <message>
      <source>An id has {n:,} letters: '{start}…'. Choose another column of users or tracks.</source>
      <translation>有一个 id 长达 {n:,} 个字符：“{start}…”。请选择其他用户列或轨迹列。</translation>
    </message>
    <message>
      <source>Answers are marked, and not to be relied on, where there are: {reasons}.</source>
      <translation>出现以下情况时，回答会被标记，请勿依赖：{reasons}。</translation>
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
      <source>As layers…</source>
      <translation>作为图层…</translation>
    </message>
    <message>
      <source>At most so many likely paths for each track, each with its probability.</source>
      <translation>每条轨迹最多给出这么多条可能路径，每条附概率。</translation>
    </message>
    <message>
      <source>At most the {n} strongest flows of a slice are drawn, fewer on a small map; the layer's variable {name} changes that. Each slice is a style of the layer. The matrix has the sum of pairs with few people.</source>
      <translation>每个时段最多绘制 {n} 条最强的流，地图较小时更少；图层变量 {name} 可更改此数。每个时段是图层的一种样式。人数少的分区对之和见矩阵。</translation>
    </message>
    <message>
      <source>At {horizon}: {words}</source>
      <translation>{horizon}：{words}</translation>
    </message>
    <message>
      <source>At {n:,} times there are fixes more than a kilometre apart, so they are of several people, but no column of users was recognised. Choose it (USER_FIELD), or write 'none' if they are one person's.</source>
      <translation>有 {n:,} 个时刻存在相距超过一公里的定位点，因此它们属于多个人，但没有识别出用户列。请选择该列（USER_FIELD），若都属于一个人则写 'none'。</translation>
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
      <source>Basemap: © OpenStreetMap contributors (https://www.openstreetmap.org/copyright)</source>
      <translation>底图：© OpenStreetMap 贡献者（https://www.openstreetmap.org/copyright）</translation>
    </message>
    <message>
      <source>Basemap…</source>
      <translation>底图……</translation>
    </message>
    <message>
      <source>Begin with</source>
      <translation>起始模型</translation>
    </message>
    <message>
      <source>Beside a simple method</source>
      <translation>与简单方法对比</translation>
    </message>
    <message>
      <source>By hour of departure ({clock}):</source>
      <translation>按出发时刻（{clock}）：</translation>
    </message>
    <message>
      <source>CSV, Parquet, GPX, Google Timeline, OwnTracks and GeoLife as a layer of fixes, cleaned and sorted.</source>
      <translation>将 CSV、Parquet、GPX、Google 时间轴、OwnTracks 和 GeoLife 导入为清理并排序的定位点图层。</translation>
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
      <source>Choose a file or a folder.</source>
      <translation>请选择文件或文件夹。</translation>
    </message>
    <message>
      <source>Choose a layer of fixes (points with a time) or of lines with M values.</source>
      <translation>请选择定位点图层（带时间的点）或带 M 值的线图层。</translation>
    </message>
    <message>
      <source>Choose a layer of tracks</source>
      <translation>请选择轨迹图层</translation>
    </message>
    <message>
      <source>Choose two regions in the list to see them side by side</source>
      <translation>在列表中选择两个区域以并排查看</translation>
    </message>
    <message>
      <source>Clear cache</source>
      <translation>清除缓存</translation>
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
      <source>Colours</source>
      <translation>颜色</translation>
    </message>
    <message>
      <source>Commuter</source>
      <translation>通勤者</translation>
    </message>
    <message>
      <source>Commuters</source>
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
      <source>Continue training on your own tracks, or teach a new label from examples.</source>
      <translation>用您自己的轨迹继续训练，或用样例教一个新标签。</translation>
    </message>
    <message>
      <source>Continue training the model on your own tracks, and test on held-out people whether it improved.</source>
      <translation>用您自己的轨迹继续训练模型，并在留出的人员上检验是否有改进。</translation>
    </message>
    <message>
      <source>Continue training…</source>
      <translation>继续训练…</translation>
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
      <source>Days recorded: {n:.0f}; {share:.0%} of the time.</source>
      <translation>有记录的天数：{n:.0f}；占时间的 {share:.0%}。</translation>
    </message>
    <message>
      <source>Delete</source>
      <translation>删除</translation>
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
      <source>Departures shown: {first} to {last}, {clock}.</source>
      <translation>显示的出发时间：{first} 至 {last}，{clock}。</translation>
    </message>
    <message>
      <source>Departures {part}, {clock}</source>
      <translation>出发 {part}，{clock}</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>设备</translation>
    </message>
    <message>
      <source>Device used</source>
      <translation>实际使用的设备</translation>
    </message>
    <message>
      <source>Diagnose</source>
      <translation>诊断</translation>
    </message>
    <message>
      <source>Diary</source>
      <translation>出行日记</translation>
    </message>
    <message>
      <source>Distance</source>
      <translation>距离</translation>
    </message>
    <message>
      <source>Do not rely on them: they are unlike the training data (in_domain is false).</source>
      <translation>请勿依赖这些结果：它们与训练数据不同（in_domain 为 false）。</translation>
    </message>
    <message>
      <source>Don't use it: it forecasts worse than the model before.</source>
      <translation>不要使用：它的预测比之前的模型差。</translation>
    </message>
    <message>
      <source>Done. RAW is ready: no restart is needed.</source>
      <translation>完成。RAW 已就绪，无需重启。</translation>
    </message>
    <message>
      <source>Draw</source>
      <translation>绘制</translation>
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
      <source>Each label is of one person or place alone: label more of them.</source>
      <translation>每个标签只属于一个人或一个地点：请标注更多。</translation>
    </message>
    <message>
      <source>Each row has a start and an end and becomes two fixes: at {start} and at {end}.</source>
      <translation>每行都有开始和结束，会成为两个定位点：{start} 和 {end}。</translation>
    </message>
    <message>
      <source>Embed tracks</source>
      <translation>嵌入轨迹</translation>
    </message>
    <message>
      <source>Embedded: {share:.0%}</source>
      <translation>已嵌入：{share:.0%}</translation>
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
      <source>Embeddings are computed all the same, but cannot be kept in {folder}: {error}</source>
      <translation>仍会计算嵌入，但无法保存在 {folder}：{error}</translation>
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
      <source>Encoding of text</source>
      <translation>文本编码</translation>
    </message>
    <message>
      <source>Encounters</source>
      <translation>相遇</translation>
    </message>
    <message>
      <source>Encounters are missed: {share:.0%} of the gaps between fixes are longer than MAX_GAP.</source>
      <translation>会漏掉相遇：定位点之间有 {share:.0%} 的间隔长于 MAX_GAP。</translation>
    </message>
    <message>
      <source>Encounters show who was near whom. Do not publish them.</source>
      <translation>相遇显示谁曾在谁附近。请勿发布。</translation>
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
      <source>Errors of forecasts on the past of these tracks, by horizon, beside simple methods, with a verdict in words.</source>
      <translation>在这些轨迹的过去数据上，按预测时长列出预测误差，与简单方法对比，并给出文字结论。</translation>
    </message>
    <message>
      <source>Failed</source>
      <translation>失败</translation>
    </message>
    <message>
      <source>Fewer than ten labelled intervals hold ten fixes and a minute of the tracks.</source>
      <translation>包含十个定位点和一分钟轨迹的标注时段少于十个。</translation>
    </message>
    <message>
      <source>Fewer than {n} people were seen in {area}. Nothing is shown, to protect them: figures of so few could reveal one of them.</source>
      <translation>在 {area} 内观察到的人少于 {n} 人。为保护他们，不显示任何内容：人数这么少时，数值可能暴露其中某个人。</translation>
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
      <source>Fields of REGIONS that are figures or belong to a GeoPackage are not taken over: {names}.</source>
      <translation>REGIONS 中属于结果数字或 GeoPackage 的字段不予保留：{names}。</translation>
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
      <source>Figures as on the desk: those of overlapping regions can be subtracted from each other. Others may have those that 'Publish figures' makes.</source>
      <translation>内部使用的数字：重叠区域的数字可以相减。可以给他人的是“发布数字”生成的数字。</translation>
    </message>
    <message>
      <source>Figures for polygons from the people who visit them, with intervals; those of few people are withheld.</source>
      <translation>由到访者得出的多边形数字，附区间；人数少的不予显示。</translation>
    </message>
    <message>
      <source>Figures of fewer than {n} people are withheld. The recorded people are not the population.</source>
      <translation>少于 {n} 人的数值不公布。有记录的人不代表全体人口。</translation>
    </message>
    <message>
      <source>Figures of regions</source>
      <translation>区域数字</translation>
    </message>
    <message>
      <source>Figures of regions, flows or zones as they may leave the desk: with noise, at a price that a ledger adds up.</source>
      <translation>可以对外提供的区域、流量或分区数字：带噪声，其代价由账本累计。</translation>
    </message>
    <message>
      <source>Figures of the drawn regions as others may have them</source>
      <translation>所绘区域可供他人使用的数字</translation>
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
      <source>Files not read (another kind, or no time and position): {names}.</source>
      <translation>未读取的文件（其他类型，或没有时间和位置）：{names}。</translation>
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
      <source>Finding trips</source>
      <translation>正在查找出行</translation>
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
      <source>Fixes</source>
      <translation>定位点</translation>
    </message>
    <message>
      <source>Fixes (points with a time), or lines whose M values are epoch seconds, in any CRS.</source>
      <translation>定位点（带时间的点），或 M 值为 Unix 秒的线，坐标参考系不限。</translation>
    </message>
    <message>
      <source>Flows</source>
      <translation>流量</translation>
    </message>
    <message>
      <source>Flows between zones</source>
      <translation>分区间流量</translation>
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
      <source>Forecast</source>
      <translation>预测</translation>
    </message>
    <message>
      <source>Forecast areas</source>
      <translation>预测区域</translation>
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
      <source>Forecasts</source>
      <translation>预测</translation>
    </message>
    <message>
      <source>Forecasts before and after</source>
      <translation>之前与之后的预测</translation>
    </message>
    <message>
      <source>Forecasts of {name}: what to use, and how far off</source>
      <translation>{name} 的预测：用什么，误差多大</translation>
    </message>
    <message>
      <source>Forecasts of {users}, {m:g} min ahead: half are expected within {a}, four fifths within {b} (median over the tracks). The point on the map is the best single answer. Between two likely places it lies in neither.</source>
      <translation>{users}的预测，提前 {m:g} 分钟：预计一半在 {a} 以内，五分之四在 {b} 以内（各轨迹的中位数）。地图上的点是最佳的单一答案；在两个可能的地点之间时，它不在其中任何一处。</translation>
    </message>
    <message>
      <source>Forecasts: in 50 and 80 % of cases the track lies inside the areas.</source>
      <translation>预测：在 50 % 和 80 % 的情况下，轨迹位于相应区域内。</translation>
    </message>
    <message>
      <source>Format</source>
      <translation>格式</translation>
    </message>
    <message>
      <source>Free some disk space, then press Install again.</source>
      <translation>请释放磁盘空间，然后再次点击“安装”。</translation>
    </message>
    <message>
      <source>Fri</source>
      <translation>周五</translation>
    </message>
    <message>
      <source>From a .zip or the folder of a model, which is checked first</source>
      <translation>从 .zip 或模型文件夹导入，导入前先检查</translation>
    </message>
    <message>
      <source>From home to work: {n:,} trips of {users}.</source>
      <translation>从家到工作地点：{users}的 {n:,} 次出行。</translation>
    </message>
    <message>
      <source>From stop to stop, with modes; or each track of the track field is one, of unknown mode.</source>
      <translation>从停留到停留，带方式；或轨迹字段的每条轨迹为一次出行，方式未知。</translation>
    </message>
    <message>
      <source>GeoJSON files (*.geojson)</source>
      <translation>GeoJSON 文件 (*.geojson)</translation>
    </message>
    <message>
      <source>GeoJSON whose fourth coordinate is the time in epoch seconds.</source>
      <translation>第四个坐标为 Unix 秒时间的 GeoJSON。</translation>
    </message>
    <message>
      <source>HTML files (*.html)</source>
      <translation>HTML 文件 (*.html)</translation>
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
      <source>Highest price of all publications together</source>
      <translation>所有发布合计的最高代价</translation>
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
      <source>Hours and days of departure, by the clock of the layer's time zone. Mean solar time where no zone but UTC is chosen, and in published figures.</source>
      <translation>出发的小时和日期，按图层时区的钟表时间。未选择 UTC 以外的时区时，以及在发布的数字中，按平太阳时。</translation>
    </message>
    <message>
      <source>Hours of people and regions are in mean solar time: 12:00 as {time}.</source>
      <translation>人员和区域的小时按平太阳时：12:00 为 {time}。</translation>
    </message>
    <message>
      <source>How far ahead of the last fix.</source>
      <translation>最后一个定位点之后多长时间。</translation>
    </message>
    <message>
      <source>How far off, and how sure</source>
      <translation>误差多大，把握多大</translation>
    </message>
    <message>
      <source>How many</source>
      <translation>数量</translation>
    </message>
    <message>
      <source>How many trips go from region to region, and at which hours</source>
      <translation>区域之间有多少出行，以及在什么时间</translation>
    </message>
    <message>
      <source>How many trips go from zone to zone, when and by which modes; figures of few people are withheld.</source>
      <translation>分区之间有多少出行、何时、何种方式；人数少的不予显示。</translation>
    </message>
    <message>
      <source>How this was measured</source>
      <translation>测量方法</translation>
    </message>
    <message>
      <source>How well a person's presence can be guessed, from all rows and figures together. Half the price is 1.4 times the noise.</source>
      <translation>根据所有行和数字，能多准确地猜出某人是否在内。代价减半，噪声为 1.4 倍。</translation>
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
      <source>INPUT has lines without M values, so its vertices have no time. Use lines whose M is epoch seconds, or points with a time field.</source>
      <translation>INPUT 的线没有 M 值，顶点没有时间。请使用 M 为 Unix 秒的线，或带时间字段的点。</translation>
    </message>
    <message>
      <source>INPUT has no track with two usable fixes, so there is nothing to learn from.</source>
      <translation>INPUT 中没有具有两个可用定位点的轨迹，因此没有可学习的内容。</translation>
    </message>
    <message>
      <source>INPUT has no unit with two usable fixes, so there is nothing to learn from.</source>
      <translation>INPUT 中没有具有两个可用定位点的对象，因此没有可学习的内容。</translation>
    </message>
    <message>
      <source>INPUT has no {unit} with two usable fixes, so the output is empty.</source>
      <translation>INPUT 中没有包含两个可用定位点的{unit}，因此输出为空。</translation>
    </message>
    <message>
      <source>If the coordinates are not degrees, set the coordinate system of the layer or file.</source>
      <translation>如果坐标不是度，请设置图层或文件的坐标系。</translation>
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
      <source>Import tracks</source>
      <translation>导入轨迹</translation>
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
      <source>In 80 % of cases the true number lies in its interval.</source>
      <translation>在 80 % 的情况下，真实数字位于区间内。</translation>
    </message>
    <message>
      <source>In longer gaps between two fixes of a user there are no encounters.</source>
      <translation>用户两个定位点之间更长的间隔内没有相遇。</translation>
    </message>
    <message>
      <source>In place of the model: {methods}.</source>
      <translation>代替模型：{methods}。</translation>
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
      <source>Install from</source>
      <translation>安装来源</translation>
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
      <source>Installing the packages</source>
      <translation>安装软件包</translation>
    </message>
    <message>
      <source>Interrupted</source>
      <translation>已中断</translation>
    </message>
    <message>
      <source>Intervals: parts of the time drawn with replacement, 2,000 times; so they do not hold for other users.</source>
      <translation>区间：对时间段有放回抽样 2,000 次；因此不适用于其他用户。</translation>
    </message>
    <message>
      <source>Intervals: users drawn with replacement, 2,000 times.</source>
      <translation>区间：对用户有放回抽样 2,000 次。</translation>
    </message>
    <message>
      <source>Is the disk full?</source>
      <translation>磁盘已满？</translation>
    </message>
    <message>
      <source>Is there a connection to pypi.org? Behind a firewall install from a folder of wheels.</source>
      <translation>能连接 pypi.org 吗？在防火墙后请从 wheel 文件夹安装。</translation>
    </message>
    <message>
      <source>It can't be said whether the new model is better.</source>
      <translation>无法判断新模型是否更好。</translation>
    </message>
    <message>
      <source>It can't be said whether the new model is better: that takes {n} people held out, so {m} or more.</source>
      <translation>无法判断新模型是否更好：需要留出 {n} 人，因此共需 {m} 人或更多。</translation>
    </message>
    <message>
      <source>It depends: better {better}; worse {worse}.</source>
      <translation>视情况而定：{better}更好；{worse}更差。</translation>
    </message>
    <message>
      <source>It looks better than a simple method, but these cases do not prove it</source>
      <translation>看起来优于简单方法，但这些案例不能证明</translation>
    </message>
    <message>
      <source>It says little more than the same number for all would</source>
      <translation>几乎不比对所有对象给出同一个数更有用</translation>
    </message>
    <message>
      <source>Its name or id, such as Mission; or an expression that is true for it alone, such as $id = 12.</source>
      <translation>其名称或 id，如 Mission；或只对它成立的表达式，如 $id = 12。</translation>
    </message>
    <message>
      <source>Keep it among your models, and use it in this project</source>
      <translation>保存到您的模型中，并在此项目中使用</translation>
    </message>
    <message>
      <source>Keeping the model …</source>
      <translation>正在保存模型 …</translation>
    </message>
    <message>
      <source>LABELS has no field '{name}'. Its fields: {names}.</source>
      <translation>LABELS 没有字段“{name}”。其字段：{names}。</translation>
    </message>
    <message>
      <source>LABELS has no rows, so there is nothing to learn. Choose a table with ten labels or more.</source>
      <translation>LABELS 没有行，因此没有可学习的内容。请选择至少有十个标签的表格。</translation>
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
      <source>Label name</source>
      <translation>标签名称</translation>
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
      <source>Labels for users, tracks or days, from their tracks: commuter or not, mode of transport and more.</source>
      <translation>根据轨迹为用户、轨迹或每天打标签：是否通勤者、交通方式等。</translation>
    </message>
    <message>
      <source>Labels of people were learned from users of phones in many countries; they may be wrong.</source>
      <translation>人员标签由多国手机用户学习而来；可能有误。</translation>
    </message>
    <message>
      <source>Labels of regions must be a layer of polygons.</source>
      <translation>区域的标签必须是多边形图层。</translation>
    </message>
    <message>
      <source>Labels of the visitors</source>
      <translation>到访者的标签</translation>
    </message>
    <message>
      <source>Labels of the visitors of regions</source>
      <translation>区域访客的标签</translation>
    </message>
    <message>
      <source>Labels of {unit}</source>
      <translation>标签：{unit}</translation>
    </message>
    <message>
      <source>Labels were left out at random, ten times, and the model was tested on other people or places.</source>
      <translation>随机去掉部分标签，重复十次，并用其他人或地点测试模型。</translation>
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
      <source>Less likely encounters are left out.</source>
      <translation>可能性更低的相遇被略去。</translation>
    </message>
    <message>
      <source>Let the model read {users} on the {device}</source>
      <translation>让模型在 {device} 上读取{users}</translation>
    </message>
    <message>
      <source>Lines, zones and the whole matrix as layers of the map</source>
      <translation>线、分区和完整矩阵作为地图图层</translation>
    </message>
    <message>
      <source>Longer gaps are left open. Gaps of up to an hour were measured.</source>
      <translation>更长的间隔不填补。一小时以内的间隔经过测量。</translation>
    </message>
    <message>
      <source>Longest gap</source>
      <translation>最长间隔</translation>
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
      <source>Looking at the graphics card and trying the packages …</source>
      <translation>正在检查显卡并测试各软件包……</translation>
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
      <source>Main mode</source>
      <translation>主要方式</translation>
    </message>
    <message>
      <source>Main mode of transport</source>
      <translation>主要交通方式</translation>
    </message>
    <message>
      <source>Make a map…</source>
      <translation>制作地图…</translation>
    </message>
    <message>
      <source>Making the environment</source>
      <translation>创建环境</translation>
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
      <source>Matrix</source>
      <translation>矩阵</translation>
    </message>
    <message>
      <source>Matrix of trips</source>
      <translation>出行矩阵</translation>
    </message>
    <message>
      <source>Maximum rows of a compressed file</source>
      <translation>压缩文件的最大行数</translation>
    </message>
    <message>
      <source>Mean error in metres on the same forecasts of people held out: the next five fixes after forty, or 15 to 150 minutes ahead. Below 1 the new model is better; the interval (99 %, since there are five such comparisons) is by person.</source>
      <translation>对未参与训练的人做相同预测的平均误差（米）：四十个定位点之后的五个定位点，或提前 15 至 150 分钟。低于 1 表示新模型更好；区间（99 %，因为有五项比较）按人计算。</translation>
    </message>
    <message>
      <source>Mean error, before → now, for people held out from training ({n}): {pairs}.</source>
      <translation>未参与训练的人（{n}）的平均误差，之前 → 现在：{pairs}。</translation>
    </message>
    <message>
      <source>Median visit, minutes</source>
      <translation>到访时长中位数，分钟</translation>
    </message>
    <message>
      <source>Method</source>
      <translation>方法</translation>
    </message>
    <message>
      <source>Minimum duration (minutes)</source>
      <translation>最短时长（分钟）</translation>
    </message>
    <message>
      <source>Minimum people: </source>
      <translation>最少人数：</translation>
    </message>
    <message>
      <source>Minimum probability</source>
      <translation>最低概率</translation>
    </message>
    <message>
      <source>Minimum stop duration</source>
      <translation>最短停留时长</translation>
    </message>
    <message>
      <source>Minimum users per pair of zones</source>
      <translation>每对分区的最少用户数</translation>
    </message>
    <message>
      <source>Minimum users per region</source>
      <translation>每个区域的最少用户数</translation>
    </message>
    <message>
      <source>Minimum users per region: fewer people get no figures.</source>
      <translation>每个区域的最少用户数：人数更少则不给出数字。</translation>
    </message>
    <message>
      <source>Minimum users per row</source>
      <translation>每行的最少用户数</translation>
    </message>
    <message>
      <source>Minutes at most</source>
      <translation>最长分钟数</translation>
    </message>
    <message>
      <source>Minutes of training</source>
      <translation>训练分钟数</translation>
    </message>
    <message>
      <source>Missing Python packages: {packages}. In QGIS install from Plugins → RAW → Packages; elsewhere with the Python that runs this: python -m pip install {names}</source>
      <translation>缺少 Python 软件包：{packages}。在 QGIS 中通过“插件 → RAW → 软件包”安装；否则用运行此程序的 Python：python -m pip install {names}</translation>
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
      <source>Model size</source>
      <translation>模型规模</translation>
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
      <source>Modes (empty: all)</source>
      <translation>方式（空：全部）</translation>
    </message>
    <message>
      <source>Mon</source>
      <translation>周一</translation>
    </message>
    <message>
      <source>Most likely path</source>
      <translation>最可能的路径</translation>
    </message>
    <message>
      <source>Name a layer of {file} as '{file}|layername=NAME'. It has: {all}.</source>
      <translation>请以“{file}|layername=NAME”指定 {file} 的图层。它有：{all}。</translation>
    </message>
    <message>
      <source>Name of the regions (empty: guessed)</source>
      <translation>区域名称（空：自动识别）</translation>
    </message>
    <message>
      <source>Name of the zones (empty: guessed)</source>
      <translation>分区名称（空：猜测）</translation>
    </message>
    <message>
      <source>Names with commas between them, of labels or of the model's heads. The log lists its heads.</source>
      <translation>标签或模型任务的名称，以逗号分隔。日志列出模型的任务。</translation>
    </message>
    <message>
      <source>New model</source>
      <translation>新模型</translation>
    </message>
    <message>
      <source>No NVIDIA GPU and driver were found, so the CPU does the work.</source>
      <translation>未找到 NVIDIA GPU 及其驱动，因此由 CPU 计算。</translation>
    </message>
    <message>
      <source>No column names the users, so all trips of a file are one user's. If one does, choose it as User; if none does, choose the trip's id: then each trip is a user of its own.</source>
      <translation>没有列标明用户，因此一个文件的所有出行都算作一个用户。如果有这样的列，请选为“用户”；如果没有，请选择出行的 id：这样每次出行各为一个用户。</translation>
    </message>
    <message>
      <source>No column names the users. If one does, choose it as User.</source>
      <translation>没有列表示用户。如果有，请将其选为“用户”。</translation>
    </message>
    <message>
      <source>No column of {missing} was recognised in {file}. Its columns are: {known}. Choose them, or call them t, lon and lat.</source>
      <translation>在 {file} 中未识别出{missing}列。其列为：{known}。请选择，或将其命名为 t、lon 和 lat。</translation>
    </message>
    <message>
      <source>No difference is visible. Keep the model before, or train longer or on more.</source>
      <translation>看不出差别。请保留之前的模型，或训练更久、用更多数据。</translation>
    </message>
    <message>
      <source>No field names the users, so all fixes are one user's. Choose it as USER_FIELD, or give the word none.</source>
      <translation>没有字段表示用户，因此所有定位点都属于一个用户。请在 USER_FIELD 中选择该字段，或填写 none。</translation>
    </message>
    <message>
      <source>No field names the users: all fixes are one user's. If one does, choose it under Fields.</source>
      <translation>没有字段表示用户：所有定位点都属于一个用户。如果有，请在“字段”中选择。</translation>
    </message>
    <message>
      <source>No field of the layer looks like a time. Choose it as the time field.</source>
      <translation>图层中没有像时间的字段。请选择时间字段。</translation>
    </message>
    <message>
      <source>No field says who moved, so each track counts as a user of its own.</source>
      <translation>没有字段说明是谁在移动，因此每条轨迹算作一个用户。</translation>
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
      <source>No fix has another one of its user {spans} later: choose HORIZON and STEP as the tracks have fixes.</source>
      <translation>没有定位点在 {spans} 之后有同一用户的另一定位点：请按轨迹的定位选择 HORIZON 和 STEP。</translation>
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
      <source>No pair of zones has trips of enough users: choose larger zones, or fewer slices.</source>
      <translation>没有一对分区拥有足够用户的出行：请选择更大的分区或更少的时段。</translation>
    </message>
    <message>
      <source>No training is under way. One that is stopped or interrupted can be resumed here.</source>
      <translation>没有正在进行的训练。已停止或中断的训练可在此继续。</translation>
    </message>
    <message>
      <source>No user has two usable fixes.</source>
      <translation>没有用户有两个可用的定位点。</translation>
    </message>
    <message>
      <source>Nobody could be held out whose tracks are long enough (45 fixes at 5, 15 or 60 s, or days).</source>
      <translation>没有轨迹足够长的人可留作测试（间隔 5、15 或 60 秒的 45 个定位点，或数天）。</translation>
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
      <source>Not proven better than a simple method</source>
      <translation>未证实优于简单方法</translation>
    </message>
    <message>
      <source>Not read yet: press the arrow to read it.</source>
      <translation>尚未读取：点击箭头读取。</translation>
    </message>
    <message>
      <source>Not tested.</source>
      <translation>未测试。</translation>
    </message>
    <message>
      <source>Nothing can be published, because a file of the ledger of publications cannot be read: {file}. Restore it from a backup.</source>
      <translation>无法发布：发布账本中的一个文件无法读取：{file}。请从备份中恢复它。</translation>
    </message>
    <message>
      <source>Nothing can be published, because the ledger of publications cannot be kept in {folder}: {error}.</source>
      <translation>无法发布：发布账本无法保存在 {folder} 中：{error}。</translation>
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
      <source>Numbers of users are within ±{within} of those counted in 95 % of cases. {n} of {all} rows have figures: others are of fewer than {least} users, with noise.</source>
      <translation>在 95 % 的情况下，用户数与所计人数相差不超过 ±{within}。{all} 行中有 {n} 行给出数字：其余各行加噪声后少于 {least} 名用户。</translation>
    </message>
    <message>
      <source>ONNX Runtime could not load its CUDA libraries, so the CPU works. Install onnxruntime-gpu[cuda,cudnn].</source>
      <translation>ONNX Runtime 无法加载其 CUDA 库，因此由 CPU 计算。请安装 onnxruntime-gpu[cuda,cudnn]。</translation>
    </message>
    <message>
      <source>ONNX cannot run the model {name}: {error}</source>
      <translation>ONNX 无法运行模型 {name}：{error}</translation>
    </message>
    <message>
      <source>Observed: both have fixes</source>
      <translation>观测到：双方都有定位点</translation>
    </message>
    <message>
      <source>Of people in more rows so many count, chosen at random. A quarter of the rows is half the noise, but figures are of fewer people.</source>
      <translation>出现在更多行中的人只在随机选取的这么多行中计数。行数减为四分之一，噪声减半，但数字涉及的人更少。</translation>
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
      <source>Of x and y. Empty: degrees, WGS 84.</source>
      <translation>x 和 y 的坐标系。留空：度，WGS 84。</translation>
    </message>
    <message>
      <source>One answer a {unit}.</source>
      <translation>每个{unit}一个回答。</translation>
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
      <source>One row for each</source>
      <translation>每行对应的单元</translation>
    </message>
    <message>
      <source>Only trips of these modes count, such as: walk, bike, motor, rail.</source>
      <translation>只计入这些方式的出行，例如：walk, bike, motor, rail。</translation>
    </message>
    <message>
      <source>Open QGIS's Temporal Controller</source>
      <translation>打开 QGIS 的时态控制器</translation>
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
      <source>Packages</source>
      <translation>软件包</translation>
    </message>
    <message>
      <source>Packages…</source>
      <translation>软件包……</translation>
    </message>
    <message>
      <source>Pairs of fewer users are added up in one row.</source>
      <translation>用户更少的分区对合并为一行。</translation>
    </message>
    <message>
      <source>Pairs of users who were, or may have been, near each other at the same time.</source>
      <translation>在同一时间彼此靠近或可能彼此靠近的成对用户。</translation>
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
      <source>People of this layer are in {n:,} publications already, which cost a ρ of {spent:g} together. With this one it is {total:g} (ε {epsilon:.1f}), and somebody who knows everybody else guesses a person's presence right in {bound:.0%} of cases. MAX_RHO allows {most:g}: raise it if this is meant.</source>
      <translation>此图层中的人已在 {n:,} 次发布中，合计代价 ρ 为 {spent:g}。加上这次为 {total:g}（ε {epsilon:.1f}），了解其他所有人的人猜对某人是否在内的比例可达 {bound:.0%}。MAX_RHO 允许 {most:g}：如确有必要，请提高它。</translation>
    </message>
    <message>
      <source>People of this layer are in {n:,} publications of this profile, which cost a ρ of {rho:g} together.</source>
      <translation>此图层中的人在本配置文件的 {n:,} 次发布中，合计代价 ρ 为 {rho:g}。</translation>
    </message>
    <message>
      <source>People per km²</source>
      <translation>每 km² 人数</translation>
    </message>
    <message>
      <source>Places or tracks of single people. Publish figures of regions instead.</source>
      <translation>个人的地点或轨迹。请改为发布区域数字。</translation>
    </message>
    <message>
      <source>Play…</source>
      <translation>播放…</translation>
    </message>
    <message>
      <source>Polygons in any CRS.</source>
      <translation>任意坐标参考系的多边形。</translation>
    </message>
    <message>
      <source>Polygons in any CRS. Flows and zones can do without: hexagons of a grid of the world.</source>
      <translation>任意 CRS 的多边形。流量和分区可以不用：采用全球网格的六边形。</translation>
    </message>
    <message>
      <source>Polygons in any CRS. Where they overlap, the first one counts.</source>
      <translation>任意坐标参考系的多边形。重叠处以第一个为准。</translation>
    </message>
    <message>
      <source>Polygons in any CRS; their own fields are kept, but for figures of an earlier run.</source>
      <translation>任意坐标系的多边形；保留其自身字段，但不含先前结果的数字。</translation>
    </message>
    <message>
      <source>Positions</source>
      <translation>位置</translation>
    </message>
    <message>
      <source>Price (ρ)</source>
      <translation>代价（ρ）</translation>
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
      <source>Publish figures</source>
      <translation>发布数字</translation>
    </message>
    <message>
      <source>Publish figures…</source>
      <translation>发布数字…</translation>
    </message>
    <message>
      <source>Published figures</source>
      <translation>已发布的数字</translation>
    </message>
    <message>
      <source>Published figures.</source>
      <translation>已发布的数字。</translation>
    </message>
    <message>
      <source>Published figures: each person counts in few rows, and counts have noise. The price for each person is a ρ of {rho:g} (ε {epsilon:g}, δ one in a million). Numbers of users are within ±{within:.0f} of those counted in 95 % of cases.</source>
      <translation>已发布的数字：每个人只在少数行中计数，计数带噪声。每个人的代价 ρ 为 {rho:g}（ε {epsilon:g}，δ 为百万分之一）。在 95 % 的情况下，用户数与所计人数相差不超过 ±{within:.0f}。</translation>
    </message>
    <message>
      <source>PyTorch has no version for Macs with an Intel processor. RAW runs the model there; untick training, and train on another computer.</source>
      <translation>PyTorch 没有适用于 Intel 处理器 Mac 的版本。RAW 可以在其上运行模型；请取消勾选训练，并在另一台计算机上训练。</translation>
    </message>
    <message>
      <source>QGIS cannot transform {a} to {b}. Use another CRS, or set the right one.</source>
      <translation>QGIS 无法将 {a} 转换为 {b}。请使用其他坐标参考系，或设置正确的。</translation>
    </message>
    <message>
      <source>QGIS has no XYZ connection. Add one in its Browser panel: XYZ Tiles → New connection.</source>
      <translation>QGIS 没有 XYZ 连接。请在其“浏览器”面板中添加：XYZ切片 → 新建连接。</translation>
    </message>
    <message>
      <source>QGIS will ask this server for pictures of the area that you look at, and again each time you move the map. The server learns your address on the Internet and which area it is: with tracks of people on the screen, that can be where they live. No track, label or figure is sent. Without a basemap nothing is asked.</source>
      <translation>QGIS 将向此服务器请求您所查看区域的图片，每次移动地图都会再次请求。服务器会得知您的网络地址和所看的区域：屏幕上有人的轨迹时，该区域可能就是他们的住处。不会发送任何轨迹、标签或数值。没有底图时，不发出任何请求。</translation>
    </message>
    <message>
      <source>Queries start at random fixes of every user, in equal parts of the time. The model and the simple methods use the fixes up to there. The truth is the user's fix nearest to the horizon, at most half a step from it. Nothing is trained.</source>
      <translation>查询从每个用户的随机定位点开始，时间各部分均等。模型和简单方法使用到该时为止的定位点。真值是该用户最接近预测时刻的定位点，相差至多半个步长。不进行训练。</translation>
    </message>
    <message>
      <source>RAW</source>
      <translation>RAW</translation>
    </message>
    <message>
      <source>RAW can run the model. What you ticked lacks {what}. To download: up to {megabytes} MB.</source>
      <translation>RAW 可以运行模型。您勾选的项目缺少 {what}。需下载：最多 {megabytes} MB。</translation>
    </message>
    <message>
      <source>RAW cannot run the model yet: it lacks {what}. To download: up to {megabytes} MB.</source>
      <translation>RAW 还不能运行模型：缺少 {what}。需下载：最多 {megabytes} MB。</translation>
    </message>
    <message>
      <source>RAW cannot write into {folder}: {error}. Models, trainings and packages cannot be kept there.</source>
      <translation>RAW 无法写入 {folder}：{error}。模型、训练和软件包无法保存在那里。</translation>
    </message>
    <message>
      <source>RAW dock</source>
      <translation>RAW 面板</translation>
    </message>
    <message>
      <source>RAW has all that it needs to run the model. Training needs more: tick the box below.</source>
      <translation>RAW 已具备运行模型所需的一切。训练还需要更多：请勾选下面的框。</translation>
    </message>
    <message>
      <source>RAW has all that it needs, to run the model and to train.</source>
      <translation>RAW 已具备运行模型和训练所需的一切。</translation>
    </message>
    <message>
      <source>RAW has no tested version for Python {a} and NumPy {b}. Update RAW.</source>
      <translation>RAW 没有针对 Python {a} 和 NumPy {b} 的已测试版本。请更新 RAW。</translation>
    </message>
    <message>
      <source>RAW needs GDAL 3.6 or newer to read this file: open it in QGIS as a layer.</source>
      <translation>RAW 需要 GDAL 3.6 或更新版本才能读取此文件：请在 QGIS 中将其作为图层打开。</translation>
    </message>
    <message>
      <source>RAW needs Python packages that QGIS's Python lacks: {names}. Plugins → RAW → Packages installs them. On a machine without a screen: python -m pip install --user {names_}, with QGIS's own Python.</source>
      <translation>RAW 需要 QGIS 的 Python 缺少的软件包：{names}。“插件 → RAW → 软件包”可安装。在没有屏幕的机器上：用 QGIS 自己的 Python 运行 python -m pip install --user {names_}。</translation>
    </message>
    <message>
      <source>REGIONS has no polygon with an area, so no fix lies in any.</source>
      <translation>REGIONS 没有有面积的多边形，因此没有定位点落在其中。</translation>
    </message>
    <message>
      <source>Rail user</source>
      <translation>轨道交通用户</translation>
    </message>
    <message>
      <source>Ratio: the model's mean over the best simple method's. Below 1 the model comes nearer.</source>
      <translation>比值：模型的平均误差除以最佳简单方法的平均误差。小于 1 时模型更接近。</translation>
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
      <source>Reading …</source>
      <translation>正在读取……</translation>
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
      <source>Region {number} is drawn across the antimeridian the long way round the world. Cut it at 180°, or write its longitudes beyond 180 (such as 170 to 190).</source>
      <translation>区域 {number} 跨 180° 经线并绕了地球的远路。请在 180° 处切开，或将经度写到 180 以外（如 170 至 190）。</translation>
    </message>
    <message>
      <source>Region {n}</source>
      <translation>区域 {n}</translation>
    </message>
    <message>
      <source>Region {n} is a {kind}. Regions must be polygons.</source>
      <translation>区域 {n} 为 {kind}。区域必须是多边形。</translation>
    </message>
    <message>
      <source>Regions</source>
      <translation>区域</translation>
    </message>
    <message>
      <source>Regions are published of polygons: choose a layer for REGIONS.</source>
      <translation>发布区域需要多边形：请为 REGIONS 选择图层。</translation>
    </message>
    <message>
      <source>Regions can be drawn when the model has read the users.</source>
      <translation>模型读取完用户后即可绘制区域。</translation>
    </message>
    <message>
      <source>Regions of fewer users are neither compared nor found.</source>
      <translation>用户更少的区域既不比较也不被找到。</translation>
    </message>
    <message>
      <source>Regions or zones (empty: hexagons)</source>
      <translation>区域或分区（空：六边形）</translation>
    </message>
    <message>
      <source>Remove</source>
      <translation>移除</translation>
    </message>
    <message>
      <source>Remove the chosen regions. QGIS's undo brings them back; its editing tools change regions too.</source>
      <translation>移除所选区域。QGIS 的撤销可恢复；其编辑工具也可修改区域。</translation>
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
      <source>Removing the model …</source>
      <translation>正在移除模型…</translation>
    </message>
    <message>
      <source>Report</source>
      <translation>报告</translation>
    </message>
    <message>
      <source>Residents</source>
      <translation>居民</translation>
    </message>
    <message>
      <source>Residents, workers, commuters and modes of transport, from the places and trips of visitors. This takes as long as a travel diary of them.</source>
      <translation>由到访者的地点和出行得出的居民、就业者、通勤者和交通方式。用时与生成其出行日记相同。</translation>
    </message>
    <message>
      <source>Residents, workers, commuters and modes of transport. They take a part of the price, and as long as a travel diary.</source>
      <translation>居民、就业者、通勤者和交通方式。它们占用一部分代价，耗时与出行日记相同。</translation>
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
      <source>Right and wrong</source>
      <translation>对与错</translation>
    </message>
    <message>
      <source>Rows of {file} without the {n} columns of its header: {rows:,}.</source>
      <translation>{file} 中不具备表头 {n} 列的行：{rows:,}。</translation>
    </message>
    <message>
      <source>Rows that a person counts in, at most</source>
      <translation>一个人最多计入的行数</translation>
    </message>
    <message>
      <source>Running: {left} of training left, then calibrating and testing</source>
      <translation>运行中：训练还剩 {left}，之后校准并测试</translation>
    </message>
    <message>
      <source>STEP ({a:g} min) must be no longer than HORIZON ({b:g} min).</source>
      <translation>STEP（{a:g} 分钟）不得长于 HORIZON（{b:g} 分钟）。</translation>
    </message>
    <message>
      <source>STEP ({a:g} min) must be shorter than MAX_GAP ({b:g} min).</source>
      <translation>STEP（{a:g} 分钟）必须短于 MAX_GAP（{b:g} 分钟）。</translation>
    </message>
    <message>
      <source>Sat</source>
      <translation>周六</translation>
    </message>
    <message>
      <source>Save table…</source>
      <translation>保存表格…</translation>
    </message>
    <message>
      <source>Save the page</source>
      <translation>保存页面</translation>
    </message>
    <message>
      <source>Save the table</source>
      <translation>保存表格</translation>
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
      <source>Score regions</source>
      <translation>区域评分</translation>
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
      <source>Select a track on the map to see whose it is, with labels and usual places.</source>
      <translation>在地图上选择一条轨迹，查看它属于谁，以及标签和常去地点。</translation>
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
      <source>Set the proxy in Settings → Options → Network, or install from a folder of wheels.</source>
      <translation>请在“设置 → 选项 → 网络”中设置代理，或从 wheel 文件夹安装。</translation>
    </message>
    <message>
      <source>Share of commuters</source>
      <translation>通勤者比例</translation>
    </message>
    <message>
      <source>Share of trips: bike</source>
      <translation>出行比例：自行车</translation>
    </message>
    <message>
      <source>Share of trips: motor</source>
      <translation>出行比例：机动车</translation>
    </message>
    <message>
      <source>Share of trips: rail</source>
      <translation>出行比例：轨道交通</translation>
    </message>
    <message>
      <source>Share of trips: walk</source>
      <translation>出行比例：步行</translation>
    </message>
    <message>
      <source>Shares are expected values over all visitors who can be judged; of {n:.0f} it is clear whether they commute. A commuter has a place of work or study outside home and is there regularly.</source>
      <translation>各比例是对所有可判断的到访者的期望值；其中 {n:.0f} 人是否通勤是明确的。通勤者在住家之外有工作或学习地点，并定期前往。</translation>
    </message>
    <message>
      <source>Shorter encounters are left out: the two only pass.</source>
      <translation>更短的相遇被略去：两者只是路过。</translation>
    </message>
    <message>
      <source>Shorter halts are part of a trip. Ten minutes suit short and long stops.</source>
      <translation>更短的停顿算作出行的一部分。十分钟对长短停留都适用。</translation>
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
      <source>Size of hexagons</source>
      <translation>六边形大小</translation>
    </message>
    <message>
      <source>Slices of time</source>
      <translation>时段</translation>
    </message>
    <message>
      <source>Solar time; full colour is {n:,} people; a dot: fewer than {k}; empty: no data of so many.</source>
      <translation>太阳时；满色为 {n:,} 人；圆点：少于 {k} 人；空白：没有这么多人的数据。</translation>
    </message>
    <message>
      <source>Some figures are of {n} people only and could reveal one of them: do not publish this map.</source>
      <translation>有些数字仅来自 {n} 人，可能暴露其中一人：请勿发布此地图。</translation>
    </message>
    <message>
      <source>Some regions have no geometry: remove them before training.</source>
      <translation>有些区域没有几何图形：请在训练前移除。</translation>
    </message>
    <message>
      <source>Some units have no label: leave them out.</source>
      <translation>有些对象没有标签：请排除。</translation>
    </message>
    <message>
      <source>Something on the way opens the encrypted connection, as virus scanners and firewalls of companies do. Ask for the file of its certificate and start QGIS with PIP_CERT set to it, or install from a folder of wheels.</source>
      <translation>途中有软件解开了加密连接，杀毒软件和公司防火墙会这样做。请索取其证书文件，并将 PIP_CERT 设为该文件后启动 QGIS，或从 wheel 文件夹安装。</translation>
    </message>
    <message>
      <source>Starting …</source>
      <translation>正在启动……</translation>
    </message>
    <message>
      <source>Step</source>
      <translation>步长</translation>
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
      <source>Stopped. The training so far is kept in {folder}. Resume or delete it on RAW's page Train a model.</source>
      <translation>已停止。目前的训练保存在 {folder}。请在 RAW 的“训练模型”页继续或删除它。</translation>
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
      <source>Stops show where people live and work: they are personal data.</source>
      <translation>停留点显示人们居住和工作的地方：属于个人数据。</translation>
    </message>
    <message>
      <source>Stops: {n:,}, trips: {m:,} ({seen:,} with fixes on the way), users: {k:,}.</source>
      <translation>停留：{n:,}，出行：{m:,}（其中 {seen:,} 次途中有定位），用户：{k:,}。</translation>
    </message>
    <message>
      <source>Stops: {n:,}, trips: {m:,}.</source>
      <translation>停留：{n:,} 次，出行：{m:,} 次。</translation>
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
      <source>TARGET is empty: give the id of a user.</source>
      <translation>TARGET 为空：请给出用户的 id。</translation>
    </message>
    <message>
      <source>TARGET {text} fits {n} regions. Give one id, such as {ids}, or an expression true for one alone.</source>
      <translation>TARGET {text} 对应 {n} 个区域。请给出一个 id，如 {ids}，或只对一个区域成立的表达式。</translation>
    </message>
    <message>
      <source>Table…</source>
      <translation>表格…</translation>
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
      <source>Tasks (empty: all that the model has)</source>
      <translation>任务（空：模型的全部任务）</translation>
    </message>
    <message>
      <source>Teach a label</source>
      <translation>教一个新标签</translation>
    </message>
    <message>
      <source>Teach a label…</source>
      <translation>教授标签…</translation>
    </message>
    <message>
      <source>Teach the model a label of your own from some labelled users, tracks, days or regions.</source>
      <translation>用一些已标注的用户、轨迹、天或区域，教模型一个您自己的标签。</translation>
    </message>
    <message>
      <source>Ten phones in Aracaju</source>
      <translation>阿拉卡茹的十部手机</translation>
    </message>
    <message>
      <source>Ten phones in Aracaju, Brazil, and what to try.</source>
      <translation>巴西阿拉卡茹的十部手机，以及可以尝试的操作。</translation>
    </message>
    <message>
      <source>Tested on part {fold} of {of}</source>
      <translation>已在第 {fold}/{of} 部分上测试</translation>
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
      <source>The CRS of the positions cannot be read: {error}</source>
      <translation>无法读取位置的坐标参考系：{error}</translation>
    </message>
    <message>
      <source>The Python of this QGIS was not found. Looked for {names} in: {folders}.</source>
      <translation>未找到此 QGIS 的 Python。已在以下位置查找 {names}：{folders}。</translation>
    </message>
    <message>
      <source>The Python package {name} is installed but does not work: {error}. Plugins → RAW → Packages shows which packages are broken, and installs them again.</source>
      <translation>Python 软件包 {name} 已安装但无法使用：{error}。“插件 → RAW → 软件包”会显示哪些软件包已损坏，并重新安装。</translation>
    </message>
    <message>
      <source>The areas stay as they were: too few people could be held out to calibrate them again.</source>
      <translation>区域保持原样：能留出的人太少，无法重新校准。</translation>
    </message>
    <message>
      <source>The card as a page of HTML</source>
      <translation>将卡片存为 HTML 页面</translation>
    </message>
    <message>
      <source>The chosen model has not scored this region yet. If that was cancelled, read the layer again (button at the top).</source>
      <translation>所选模型尚未给此区域评分。如果评分已被取消，请重新读取图层（顶部按钮）。</translation>
    </message>
    <message>
      <source>The column of time holds {kind}, not times.</source>
      <translation>时间列为 {kind}，不是时间。</translation>
    </message>
    <message>
      <source>The comparison as a page of HTML</source>
      <translation>将比较存为 HTML 页面</translation>
    </message>
    <message>
      <source>The coordinates lie far outside of {area}, for which {crs} is made. Choose the coordinate system that they are in.</source>
      <translation>坐标远在 {area} 之外，而 {crs} 是为该区域设计的。请选择坐标所用的坐标系。</translation>
    </message>
    <message>
      <source>The coordinates look like degrees, but {crs} is a projection in metres. Choose the coordinate system that they are in, such as EPSG:4326.</source>
      <translation>坐标看起来是度，但 {crs} 是以米为单位的投影。请选择坐标所用的坐标系，例如 EPSG:4326。</translation>
    </message>
    <message>
      <source>The corpus has no run of eight fixes at any cadence.</source>
      <translation>数据中没有任何采样间隔下连续八个定位点的序列。</translation>
    </message>
    <message>
      <source>The data of {names} are gone: they were temporary, or their GeoPackage is missing. Run them again.</source>
      <translation>{names} 的数据已不存在：它们是临时的，或其 GeoPackage 丢失。请重新运行。</translation>
    </message>
    <message>
      <source>The dates in the column '{column}' of {file} may begin with the day or with the month: no number in them decides. Choose the order of dates (DATE_ORDER).</source>
      <translation>{file} 的列“{column}”中的日期可能以日或月开头：其中没有数字能判定。请选择日期顺序（DATE_ORDER）。</translation>
    </message>
    <message>
      <source>The device that does the work. </source>
      <translation>执行工作的设备。</translation>
    </message>
    <message>
      <source>The dock lists the model {name} now. {verdict}</source>
      <translation>面板现已列出模型 {name}。{verdict}</translation>
    </message>
    <message>
      <source>The environment in {folder} could not be made. The log has the reason.</source>
      <translation>无法在 {folder} 创建环境。原因见日志。</translation>
    </message>
    <message>
      <source>The environment of RAW's own is not whole, so that pip would install into QGIS itself and want an administrator. Nothing was installed. A virus scanner or a synchronised folder may hold its files back: make an exception, then press Install again.</source>
      <translation>RAW 自己的环境不完整，pip 会安装到 QGIS 本身并要求管理员权限。没有安装任何内容。杀毒软件或同步文件夹可能扣留了其文件：请设置例外，然后再次按“安装”。</translation>
    </message>
    <message>
      <source>The figures and differences as a table (CSV)</source>
      <translation>以表格（CSV）保存数字和差异</translation>
    </message>
    <message>
      <source>The file or database of this layer is missing. Click its red sign in the list of layers.</source>
      <translation>此图层的文件或数据库缺失。请点击图层列表中它的红色标记。</translation>
    </message>
    <message>
      <source>The folder {folder} lacks it, or has another version, or one for another system.</source>
      <translation>文件夹 {folder} 中没有它，或版本不同，或是用于其他系统的。</translation>
    </message>
    <message>
      <source>The folder {path} holds no .plt, Parquet, CSV, GPX or JSON file.</source>
      <translation>文件夹 {path} 中没有 .plt、Parquet、CSV、GPX 或 JSON 文件。</translation>
    </message>
    <message>
      <source>The folder {path} holds no file that ends in {ends}.</source>
      <translation>文件夹 {path} 中没有以 {ends} 结尾的文件。</translation>
    </message>
    <message>
      <source>The geometry column holds no WKB points, and there are no longitude and latitude columns.</source>
      <translation>几何列不含 WKB 点，也没有经度列和纬度列。</translation>
    </message>
    <message>
      <source>The graphics card or its libraries failed, so the CPU does the work. ONNX Runtime says: {text}</source>
      <translation>显卡或其库出错，因此由 CPU 计算。ONNX Runtime 的消息：{text}</translation>
    </message>
    <message>
      <source>The head {name} was taught with another backbone. Teach it again.</source>
      <translation>标签 {name} 是用另一个网络训练的。请重新训练。</translation>
    </message>
    <message>
      <source>The installation was cancelled.</source>
      <translation>安装已取消。</translation>
    </message>
    <message>
      <source>The label {name}</source>
      <translation>标签 {name}</translation>
    </message>
    <message>
      <source>The labels are too few or in too few groups for a cross-validation, so the head could not be evaluated.</source>
      <translation>标签太少或分组太少，无法交叉验证，因此无法评估该标签。</translation>
    </message>
    <message>
      <source>The labels have no id of the {unit} (a field called {names}). Choose it under Advanced Parameters as Field with the unit's id.</source>
      <translation>标签没有{unit}的 id（名为 {names} 的字段）。请在“高级参数”中选择包含 id 的字段。</translation>
    </message>
    <message>
      <source>The layer has neither points nor lines. Choose a layer of points, or of lines with M values.</source>
      <translation>该图层既没有点也没有线。请选择点图层或带 M 值的线图层。</translation>
    </message>
    <message>
      <source>The layer is a table without geometry. Import tracks makes a layer of points of its file.</source>
      <translation>该图层是没有几何的表格。“导入轨迹”可将其文件变成点图层。</translation>
    </message>
    <message>
      <source>The layer is a temporary file, which QGIS deletes when it ends. Save it to keep it.</source>
      <translation>该图层是临时文件，QGIS 关闭时会删除。如要保留，请保存。</translation>
    </message>
    <message>
      <source>The layer: errors of every method, with median and 90 % quantile</source>
      <translation>该图层：每种方法的误差，含中位数和 90 % 分位数</translation>
    </message>
    <message>
      <source>The learning rate falls over this time. The comparison with the model before takes some minutes more.</source>
      <translation>学习率在此期间下降。与之前模型的比较还需几分钟。</translation>
    </message>
    <message>
      <source>The ledger in the profile adds up what publications of the same people have cost.</source>
      <translation>配置文件中的账本累计涉及相同人员的各次发布的代价。</translation>
    </message>
    <message>
      <source>The map shows the time of the forecast alone, in UTC: labels of other times are hidden.</source>
      <translation>地图只显示预测所在的时间（UTC）：其他时间的标签已隐藏。</translation>
    </message>
    <message>
      <source>The map's clock was switched off: it hid all of {layer}.</source>
      <translation>地图时钟已关闭：它隐藏了 {layer} 的全部内容。</translation>
    </message>
    <message>
      <source>The mean error is judged, at moments all along the tracks. A forecast begins at the last fix, where people are often at home: it can be much nearer.</source>
      <translation>评判的是轨迹沿途各时刻的平均误差。预测从最后一个定位点开始，此时人们常在家中：可能近得多。</translation>
    </message>
    <message>
      <source>The mean error is judged. {share:.0%} of the queries are like those that the model was trained for (time between fixes, speed, length of the record, horizon). Do not rely on the other forecasts.</source>
      <translation>以平均误差评判。{share:.0%} 的查询与模型训练时的情形相似（定位间隔、速度、记录长度、预测时长）。请勿依赖其他预测。</translation>
    </message>
    <message>
      <source>The minimum of users per region must be at least 1.</source>
      <translation>每个区域的最少用户数至少为 1。</translation>
    </message>
    <message>
      <source>The model at {place} cannot be read: {error}.</source>
      <translation>无法读取 {place} 处的模型：{error}。</translation>
    </message>
    <message>
      <source>The model has no head called '{name}'. Its heads: {known}.</source>
      <translation>模型没有名为“{name}”的标签。它的标签：{known}。</translation>
    </message>
    <message>
      <source>The model has {key} {theirs}; RAW reads {ours}. Export the model again with this RAW.</source>
      <translation>模型的 {key} 为 {theirs}；RAW 读取 {ours}。请用此版 RAW 重新导出模型。</translation>
    </message>
    <message>
      <source>The model has {key} {theirs}; RAW reads {ours}. Update RAW.</source>
      <translation>模型的 {key} 为 {theirs}；RAW 读取 {ours}。请更新 RAW。</translation>
    </message>
    <message>
      <source>The model holds the head {name}, which its card does not name.</source>
      <translation>模型含有标签 {name}，但其卡片未提到。</translation>
    </message>
    <message>
      <source>The model in {folder} has no {name}: it is incomplete.</source>
      <translation>{folder} 中的模型没有 {name}：它不完整。</translation>
    </message>
    <message>
      <source>The model in {folder} holds {name}, which no model has.</source>
      <translation>{folder} 中的模型含有 {name}，任何模型都没有它。</translation>
    </message>
    <message>
      <source>The model is now among your models as '{name}', and used in this project.</source>
      <translation>该模型现已作为“{name}”加入您的模型，并用于此项目。</translation>
    </message>
    <message>
      <source>The model is {name}, the device {provider}.</source>
      <translation>模型为 {name}，设备为 {provider}。</translation>
    </message>
    <message>
      <source>The model learns a label of your own from ten examples or more.</source>
      <translation>模型从十个或更多示例中学习您自己的标签。</translation>
    </message>
    <message>
      <source>The model learns how people move in your tracks. No labels.</source>
      <translation>模型学习您的轨迹中人们如何移动。无需标签。</translation>
    </message>
    <message>
      <source>The model makes {times:.2f} times the simple method's error (95 % interval {low:.2f} to {most}; {units:,} units in {groups:,} groups, drawn whole).</source>
      <translation>模型的误差是简单方法的 {times:.2f} 倍（95 % 区间 {low:.2f} 至 {most}；{units:,} 个单位，分为 {groups:,} 组，整组抽样）。</translation>
    </message>
    <message>
      <source>The model of RAW and your own: cards and import.</source>
      <translation>RAW 的模型和您自己的模型：卡片与导入。</translation>
    </message>
    <message>
      <source>The model reads the users</source>
      <translation>模型正在读取用户</translation>
    </message>
    <message>
      <source>The model {name} is not the one that comes with RAW: where it was trained on these tracks or people, they make it look better than it is. Test it on tracks that it has never seen.</source>
      <translation>模型 {name} 不是随 RAW 提供的：若用这些轨迹或人训练过，结果会显得比实际好。请用它从未见过的轨迹测试。</translation>
    </message>
    <message>
      <source>The model's answers are useless: numbers that are not finite. Use another model.</source>
      <translation>模型的结果无用：含非有限数。请使用其他模型。</translation>
    </message>
    <message>
      <source>The model's card names the head {name}, which is missing or too large.</source>
      <translation>模型卡片提到标签 {name}，但它缺失或过大。</translation>
    </message>
    <message>
      <source>The network of the model {model} has other sizes than those that this version of RAW knows ({known}).</source>
      <translation>模型 {model} 的网络尺寸与此版 RAW 所知的（{known}）不同。</translation>
    </message>
    <message>
      <source>The network starts from random weights.</source>
      <translation>网络从随机权重开始。</translation>
    </message>
    <message>
      <source>The new model has no labels ({names}), since embeddings have changed. Teach your own again.</source>
      <translation>新模型没有标签（{names}），因为嵌入已改变。请重新教您自己的标签。</translation>
    </message>
    <message>
      <source>The number of parts of time. Each part gives about the same number of cases.</source>
      <translation>时间段的份数。每份给出的样例数大致相同。</translation>
    </message>
    <message>
      <source>The number of rows of the result.</source>
      <translation>结果的行数。</translation>
    </message>
    <message>
      <source>The packages and devices that RAW uses, their installation, and a report to copy.</source>
      <translation>RAW 使用的软件包和设备、其安装，以及可复制的报告。</translation>
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
      <source>The project is not in a folder: save it as a file.</source>
      <translation>工程不在文件夹中：请保存为文件。</translation>
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
      <source>The regions have no field '{field}'. They have: {known}.</source>
      <translation>区域没有字段“{field}”。它们有：{known}。</translation>
    </message>
    <message>
      <source>The regions' ids are from the field {name}.</source>
      <translation>区域的 id 来自字段 {name}。</translation>
    </message>
    <message>
      <source>The report is on the clipboard.</source>
      <translation>报告已在剪贴板中。</translation>
    </message>
    <message>
      <source>The simple method is {}.</source>
      <translation>简单方法为：{}。</translation>
    </message>
    <message>
      <source>The style of {layer} failed: {error}</source>
      <translation>图层 {layer} 的样式应用失败：{error}</translation>
    </message>
    <message>
      <source>The target region has fewer than {n} users, or one of them has most of its fixes. Choose a larger one.</source>
      <translation>目标区域的用户少于 {n} 名，或其中一人占大部分定位点。请选择更大的区域。</translation>
    </message>
    <message>
      <source>The times are not a column of one kind: {error}</source>
      <translation>时间不是同一类型的列：{error}</translation>
    </message>
    <message>
      <source>The times are numbers from {low:,.0f} to {high:,.0f}, which may be days (as in Excel) or seconds. Write them as 2024-07-01 08:30:00, or as seconds since 1970.</source>
      <translation>时间是从 {low:,.0f} 到 {high:,.0f} 的数字，可能是天数（如 Excel）或秒数。请写成 2024-07-01 08:30:00，或自 1970 年起的秒数。</translation>
    </message>
    <message>
      <source>The training ended without a message, as when memory runs out or power fails. The log is in {folder}.</source>
      <translation>训练结束且没有消息，如内存耗尽或断电时。日志在 {folder}。</translation>
    </message>
    <message>
      <source>The training failed: {line}. The log is in {folder}.</source>
      <translation>训练失败：{line}。日志在 {folder}。</translation>
    </message>
    <message>
      <source>The training was stopped.</source>
      <translation>训练已停止。</translation>
    </message>
    <message>
      <source>The user to compare with</source>
      <translation>作为比较对象的用户</translation>
    </message>
    <message>
      <source>The user's id, as in the user field.</source>
      <translation>用户的 id，与用户字段中一致。</translation>
    </message>
    <message>
      <source>The {role} column holds {kind}, not ids.</source>
      <translation>{role}列为 {kind}，不是 id。</translation>
    </message>
    <message>
      <source>There is no file '{path}'.</source>
      <translation>没有文件“{path}”。</translation>
    </message>
    <message>
      <source>There is no file or folder '{path}'.</source>
      <translation>没有文件或文件夹“{path}”。</translation>
    </message>
    <message>
      <source>There is no folder {path} for {name}. Make it or choose another.</source>
      <translation>没有用于 {name} 的文件夹 {path}。请创建或选择其他文件夹。</translation>
    </message>
    <message>
      <source>There is no format '{kind}'. Choose one of: {known}.</source>
      <translation>没有格式“{kind}”。请选择：{known}。</translation>
    </message>
    <message>
      <source>There is no label '{name}' for a {unit}. There are: {known}.</source>
      <translation>没有针对{unit}的标签“{name}”。有：{known}。</translation>
    </message>
    <message>
      <source>There is no mode '{name}'. There are: {all}.</source>
      <translation>没有交通方式“{name}”。有：{all}。</translation>
    </message>
    <message>
      <source>There is no model at {place}. Choose the folder or .zip of a model.</source>
      <translation>{place} 处没有模型。请选择模型的文件夹或 .zip。</translation>
    </message>
    <message>
      <source>There is no track of two fixes to forecast.</source>
      <translation>没有包含两个定位点的轨迹可供预测。</translation>
    </message>
    <message>
      <source>There is no unit '{unit}'. Choose one of: {known}.</source>
      <translation>没有单位“{unit}”。请选择：{known}。</translation>
    </message>
    <message>
      <source>There is no usable fix in {file}, read as {found}. {skipped} {advice}</source>
      <translation>{file} 中没有可用的定位点，读取方式：{found}。{skipped} {advice}</translation>
    </message>
    <message>
      <source>There is no user '{name}' with two usable fixes.</source>
      <translation>没有包含两个可用定位点的用户“{name}”。</translation>
    </message>
    <message>
      <source>There is no user '{name}' with two usable fixes. The ids are: {known}.</source>
      <translation>没有具有两个可用定位点的用户“{name}”。id 有：{known}。</translation>
    </message>
    <message>
      <source>There is no wheel (*.whl) in {folder}. Choose their folder.</source>
      <translation>{folder} 中没有 wheel（*.whl）。请选择其所在文件夹。</translation>
    </message>
    <message>
      <source>There is no {role} column '{name}'. The columns are: {known}.</source>
      <translation>没有{role}列“{name}”。列有：{known}。</translation>
    </message>
    <message>
      <source>There is nothing to test on.</source>
      <translation>没有可测试的内容。</translation>
    </message>
    <message>
      <source>These results are not saved with the project, and stay temporary. {why}</source>
      <translation>这些结果未随项目保存，仍是临时的。{why}</translation>
    </message>
    <message>
      <source>They are of {n} people or places alone: label more before you rely on it.</source>
      <translation>它们只来自 {n} 个人或地点：依赖它之前请标注更多。</translation>
    </message>
    <message>
      <source>This ONNX Runtime has no CUDA support, so the CPU does the work. Install onnxruntime-gpu instead.</source>
      <translation>此 ONNX Runtime 不支持 CUDA，因此由 CPU 计算。请改装 onnxruntime-gpu。</translation>
    </message>
    <message>
      <source>This Python has neither ensurepip nor pip. Install one of them (on Debian and Ubuntu: sudo apt install python3-venv), then press Install again.</source>
      <translation>此 Python 既没有 ensurepip 也没有 pip。请安装其一（Debian 和 Ubuntu：sudo apt install python3-venv），然后再次点击“安装”。</translation>
    </message>
    <message>
      <source>This cannot be read: the row is skipped.</source>
      <translation>无法读取：跳过此行。</translation>
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
      <source>This publication costs a ρ of {rho:g}: an ε of {epsilon:.1f} for each person, with a δ of one in a million. Somebody who knows everybody else guesses right whether a person is in it in {bound:.0%} of cases at most (a coin: 50 %).</source>
      <translation>此次发布的代价 ρ 为 {rho:g}：每个人的 ε 为 {epsilon:.1f}，δ 为百万分之一。了解其他所有人的人，猜对某人是否在内的比例最多为 {bound:.0%}（抛硬币：50 %）。</translation>
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
      <source>Tiles of an XYZ connection of QGIS, below the layers. You are asked before the first request.</source>
      <translation>QGIS 的 XYZ 连接瓦片，位于图层下方。首次请求前会询问您。</translation>
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
      <source>Time field (empty: guessed)</source>
      <translation>时间字段（留空：自动识别）</translation>
    </message>
    <message>
      <source>Time from one forecast to the next. There is always one at the horizon itself.</source>
      <translation>相邻两次预测之间的时间。预测时长处总有一次预测。</translation>
    </message>
    <message>
      <source>Time from one position in a gap to the next.</source>
      <translation>间隔内相邻位置之间的时间。</translation>
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
      <source>Time zone of times without one (empty: the layer's own, else UTC)</source>
      <translation>无时区时间的时区（空：图层自身的，否则 UTC）</translation>
    </message>
    <message>
      <source>Time, UTC</source>
      <translation>时间，UTC</translation>
    </message>
    <message>
      <source>Times without a zone are read as UTC: if they are local, choose their zone.</source>
      <translation>没有时区的时间按 UTC 读取：如果是当地时间，请选择其时区。</translation>
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
      <source>Train a model</source>
      <translation>训练模型</translation>
    </message>
    <message>
      <source>Train a model…</source>
      <translation>训练模型……</translation>
    </message>
    <message>
      <source>Training</source>
      <translation>训练</translation>
    </message>
    <message>
      <source>Training of {when} UTC</source>
      <translation>{when} UTC 的训练</translation>
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
      <source>Tries everything again and copies a report, to send it. It holds no data of yours.</source>
      <translation>重新检查一切并复制一份可发送的报告。其中不含您的数据。</translation>
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
      <source>Trips between regions</source>
      <translation>区域间出行</translation>
    </message>
    <message>
      <source>Trips by rail</source>
      <translation>轨道交通出行</translation>
    </message>
    <message>
      <source>Trips by rail a week</source>
      <translation>每周轨道出行</translation>
    </message>
    <message>
      <source>Trips from stop to stop, by the regions at their ends. A dash: none, or of fewer than {n} people; draw larger regions, or lower the minimum of people.</source>
      <translation>从停留到停留的出行，按两端所在区域。短横线：没有，或少于 {n} 人；请绘制更大的区域，或降低最少人数。</translation>
    </message>
    <message>
      <source>Trips that move</source>
      <translation>移动的出行</translation>
    </message>
    <message>
      <source>Trips with times, for kepler.gl or deck.gl</source>
      <translation>带时间的出行，供 kepler.gl 或 deck.gl 使用</translation>
    </message>
    <message>
      <source>Trips within: {n}</source>
      <translation>内部出行：{n}</translation>
    </message>
    <message>
      <source>Trips: {n:,}. Not counted: {a:,} that begin or end where nothing is recorded, {b:,} with an end in no zone.</source>
      <translation>出行：{n:,}。未计入：{a:,} 次起讫于无记录处，{b:,} 次一端不在任何分区。</translation>
    </message>
    <message>
      <source>Trips: {n}</source>
      <translation>出行：{n}</translation>
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
      <source>Unit of the labels</source>
      <translation>标签的单位</translation>
    </message>
    <message>
      <source>Units of one person (regions: of one block) are never in both training and test.</source>
      <translation>同一个人的单位（区域：同一街区）不会同时用于训练和测试。</translation>
    </message>
    <message>
      <source>Unknown time zone '{name}'. Use an IANA name such as UTC, Europe/Berlin or America/Maceio.</source>
      <translation>未知时区“{name}”。请使用 IANA 名称，如 UTC、Europe/Berlin 或 America/Maceio。</translation>
    </message>
    <message>
      <source>Unknown: fewer than {n} people with such a label.</source>
      <translation>未知：有此标签的人少于 {n} 人。</translation>
    </message>
    <message>
      <source>Unknown: not sure</source>
      <translation>未知：不确定</translation>
    </message>
    <message>
      <source>Unknown: too few fixes on the way</source>
      <translation>未知：途中定位点太少</translation>
    </message>
    <message>
      <source>Unknown: too little on record, or a vehicle</source>
      <translation>未知：记录太少，或为车辆</translation>
    </message>
    <message>
      <source>Unknown: {reasons}.</source>
      <translation>未知：{reasons}。</translation>
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
      <source>Use it: it forecasts better than the model before.</source>
      <translation>可以使用：它的预测比之前的模型好。</translation>
    </message>
    <message>
      <source>Use this model</source>
      <translation>使用此模型</translation>
    </message>
    <message>
      <source>Used without zones.</source>
      <translation>在没有分区时使用。</translation>
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
      <source>Users: {n}</source>
      <translation>用户：{n}</translation>
    </message>
    <message>
      <source>Usual places</source>
      <translation>常去地点</translation>
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
      <source>What RAW does and how.</source>
      <translation>RAW 的功能和用法。</translation>
    </message>
    <message>
      <source>What a row of the labels describes.</source>
      <translation>标签表的一行描述什么。</translation>
    </message>
    <message>
      <source>What the colours of the labelled layer show</source>
      <translation>标签图层的颜色所表示的内容</translation>
    </message>
    <message>
      <source>What the model was trained on, how good it is, and your own models</source>
      <translation>模型的训练数据、质量，以及您自己的模型</translation>
    </message>
    <message>
      <source>What to publish</source>
      <translation>发布内容</translation>
    </message>
    <message>
      <source>What to use</source>
      <translation>用什么</translation>
    </message>
    <message>
      <source>What to use, one sentence per horizon</source>
      <translation>建议使用什么，每个预测时长一句话</translation>
    </message>
    <message>
      <source>Where it holds</source>
      <translation>适用范围</translation>
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
      <source>Windows lacks the Microsoft Visual C++ runtime, or has an old one. Install the latest 'Visual C++ Redistributable' for x64 from Microsoft, then start QGIS anew.</source>
      <translation>Windows 缺少 Microsoft Visual C++ 运行库，或版本过旧。请从 Microsoft 安装最新的 x64 'Visual C++ Redistributable'，然后重新启动 QGIS。</translation>
    </message>
    <message>
      <source>With fewer labels</source>
      <translation>标签较少时</translation>
    </message>
    <message>
      <source>With the method 'simple' Forecast uses the best simple method of each horizon.</source>
      <translation>选用方法“简单方法”时，预测在每个时长使用最佳的简单方法。</translation>
    </message>
    <message>
      <source>With too few fixes on the way to know the mode: {n:,}.</source>
      <translation>途中定位点太少而无法判断方式：{n:,}。</translation>
    </message>
    <message>
      <source>Withheld to protect people</source>
      <translation>为保护个人而不公布</translation>
    </message>
    <message>
      <source>Work</source>
      <translation>工作地</translation>
    </message>
    <message>
      <source>Workers</source>
      <translation>工作者</translation>
    </message>
    <message>
      <source>Worth using</source>
      <translation>值得使用</translation>
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
      <source>Write times as 2024-07-01 08:30:00, with a zone or in that of TIMEZONE, or as seconds since 1970. If the date is in another field, make one field of both.</source>
      <translation>时间请写成 2024-07-01 08:30:00，可带时区或按 TIMEZONE 的时区，或写成自 1970 年起的秒数。如果日期在另一个字段，请将两者合并为一个字段。</translation>
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
      <source>Zone (circles: at all times)</source>
      <translation>区域（圆圈：所有时间）</translation>
    </message>
    <message>
      <source>Zones</source>
      <translation>分区</translation>
    </message>
    <message>
      <source>Zones (empty: hexagons)</source>
      <translation>分区（空：六边形）</translation>
    </message>
    <message>
      <source>Zoom to a track, dim the others, and set the map's clock to its time</source>
      <translation>缩放到一条轨迹，淡化其他轨迹，并把地图时钟设为其时间</translation>
    </message>
    <message>
      <source>[{:,.0f}] visitors</source>
      <translation>[{:,.0f}] 名访客</translation>
    </message>
    <message>
      <source>[{:.0%}] of the time is at night (22–7 h)</source>
      <translation>[{:.0%}] 的时间在夜间（22–7 时）</translation>
    </message>
    <message>
      <source>[{:.0%}] of the time is on weekends</source>
      <translation>[{:.0%}] 的时间在周末</translation>
    </message>
    <message>
      <source>[{:.0%}] of the time is spent passing through</source>
      <translation>[{:.0%}] 的时间为途经</translation>
    </message>
    <message>
      <source>[{:.0%}] of the time within 300 m of one place</source>
      <translation>[{:.0%}] 的时间在某地 300 米之内</translation>
    </message>
    <message>
      <source>[{:.0%}] of the way on weekends</source>
      <translation>[{:.0%}] 的路程在周末</translation>
    </message>
    <message>
      <source>[{:.1f}] trips a day</source>
      <translation>每天 [{:.1f}] 次出行</translation>
    </message>
    <message>
      <source>a temporary layer, which ends with QGIS</source>
      <translation>临时图层，QGIS 关闭后消失</translation>
    </message>
    <message>
      <source>a user's name, or select a track on the map</source>
      <translation>用户名称，或在地图上选择一条轨迹</translation>
    </message>
    <message>
      <source>a week</source>
      <translation>每周</translation>
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
      <translation>精度</translation>
    </message>
    <message>
      <source>alike as a whole; no single measured habit stands out</source>
      <translation>整体相似；没有单项测得的习惯特别突出</translation>
    </message>
    <message>
      <source>all alike</source>
      <translation>全部同等显示</translation>
    </message>
    <message>
      <source>at home on {k} of {of} nights with fixes</source>
      <translation>{of} 个有定位的夜晚中有 {k} 个在家</translation>
    </message>
    <message>
      <source>at the time of another fix of the same track</source>
      <translation>与同一轨迹的另一定位点时间相同</translation>
    </message>
    <message>
      <source>at the time of another fix of the same user</source>
      <translation>与同一用户的另一定位点时间相同</translation>
    </message>
    <message>
      <source>at work on {k} of {of} weekdays with fixes</source>
      <translation>{of} 个有定位的工作日中有 {k} 个在工作地点</translation>
    </message>
    <message>
      <source>auto uses the graphics card if it can. The log names the device.</source>
      <translation>auto 在可能时使用显卡。日志会写明设备。</translation>
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
      <source>bike</source>
      <translation>自行车</translation>
    </message>
    <message>
      <source>both {form} at {spans} h</source>
      <translation>两者都{form}：{spans} 时</translation>
    </message>
    <message>
      <source>both {words}</source>
      <translation>两者：{words}</translation>
    </message>
    <message>
      <source>both: {words}</source>
      <translation>两者：{words}</translation>
    </message>
    <message>
      <source>busiest</source>
      <translation>最繁忙</translation>
    </message>
    <message>
      <source>constant velocity, last 3 steps</source>
      <translation>匀速，最近 3 步</translation>
    </message>
    <message>
      <source>constant velocity, last step</source>
      <translation>匀速，最近一步</translation>
    </message>
    <message>
      <source>date</source>
      <translation>日期</translation>
    </message>
    <message>
      <source>day</source>
      <translation>天</translation>
    </message>
    <message>
      <source>day first: 31/12/2024</source>
      <translation>日在前：31/12/2024</translation>
    </message>
    <message>
      <source>days</source>
      <translation>天</translation>
    </message>
    <message>
      <source>different</source>
      <translation>不同</translation>
    </message>
    <message>
      <source>elsewhere</source>
      <translation>其他地点</translation>
    </message>
    <message>
      <source>empty: from PyPI; or a folder of wheels, without a network</source>
      <translation>留空：从 PyPI；或一个 wheel 文件夹，无需网络</translation>
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
      <source>fewer than two fixes</source>
      <translation>定位点少于两个</translation>
    </message>
    <message>
      <source>fewer than {n} people</source>
      <translation>少于 {n} 人</translation>
    </message>
    <message>
      <source>fewer than {n} trips of a known mode</source>
      <translation>交通方式已知的出行少于 {n} 次</translation>
    </message>
    <message>
      <source>fixes mostly of one person</source>
      <translation>定位点主要来自一人</translation>
    </message>
    <message>
      <source>fixes on fewer than {n} days</source>
      <translation>有定位的天数少于 {n} 天</translation>
    </message>
    <message>
      <source>fixes on too few days</source>
      <translation>有定位的天数太少</translation>
    </message>
    <message>
      <source>fixes too close or too far apart in time</source>
      <translation>定位点时间间隔过密或过疏</translation>
    </message>
    <message>
      <source>forecasts</source>
      <translation>预测</translation>
    </message>
    <message>
      <source>forecasts | people | windows | best simple method | before ({name}) | after | after / before</source>
      <translation>预测 | 人数 | 窗口 | 最佳简单方法 | 之前（{name}） | 之后 | 之后 / 之前</translation>
    </message>
    <message>
      <source>from {region}</source>
      <translation>从{region}</translation>
    </message>
    <message>
      <source>geometry</source>
      <translation>几何图形</translation>
    </message>
    <message>
      <source>gradient boosting on the features that need no network (speeds, turns, stops, hours, places, trips)</source>
      <translation>基于无需网络的特征（速度、转弯、停留、时刻、地点、出行）的梯度提升</translation>
    </message>
    <message>
      <source>gradient boosting on the numbers of users and fixes and the area</source>
      <translation>基于用户数、定位点数和面积的梯度提升</translation>
    </message>
    <message>
      <source>horizon | answers | users | model, mean (m) | median (m) | best simple method | mean (m) | staying (m) | ratio [95 %] | in 50, 80 % area</source>
      <translation>预测时长 | 回答 | 用户 | 模型，平均（米） | 中位数（米） | 最佳简单方法 | 平均（米） | 停留（米） | 比值 [95 %] | 在 50、80 % 区域内</translation>
    </message>
    <message>
      <source>impossible jump</source>
      <translation>不可能的跳跃</translation>
    </message>
    <message>
      <source>in another layer of the file</source>
      <translation>在文件的另一个图层中</translation>
    </message>
    <message>
      <source>inside a quote that an earlier row opens</source>
      <translation>位于前面某行打开的引号之内</translation>
    </message>
    <message>
      <source>labels</source>
      <translation>标签</translation>
    </message>
    <message>
      <source>labels of your own</source>
      <translation>您自己的标签</translation>
    </message>
    <message>
      <source>less than {n:g} hours on record</source>
      <translation>记录不足 {n:g} 小时</translation>
    </message>
    <message>
      <source>mean absolute error</source>
      <translation>平均绝对误差</translation>
    </message>
    <message>
      <source>mean speed on the way [{:.0f} km/h]</source>
      <translation>途中平均速度 [{:.0f} 公里/时]</translation>
    </message>
    <message>
      <source>median recorded time of a visitor [{:.1f} h]</source>
      <translation>访客记录时长中位数 [{:.1f} 小时]</translation>
    </message>
    <message>
      <source>median trip [{:.1f} km]</source>
      <translation>出行中位数 [{:.1f} 公里]</translation>
    </message>
    <message>
      <source>mode unknown</source>
      <translation>方式未知</translation>
    </message>
    <message>
      <source>model</source>
      <translation>模型</translation>
    </message>
    <message>
      <source>model | simple method</source>
      <translation>模型 | 简单方法</translation>
    </message>
    <message>
      <source>month first: 12/31/2024</source>
      <translation>月在前：12/31/2024</translation>
    </message>
    <message>
      <source>most ids are seen within a day: if devices change their ids, one person counts several times and fewer may be behind figures</source>
      <translation>大多数 id 只在一天之内出现：若设备会更换 id，一个人会被多次计数，数字背后的人可能更少</translation>
    </message>
    <message>
      <source>mostly move</source>
      <translation>主要在移动</translation>
    </message>
    <message>
      <source>motor</source>
      <translation>机动车</translation>
    </message>
    <message>
      <source>motor vehicle</source>
      <translation>机动车</translation>
    </message>
    <message>
      <source>moves like a boat or an animal: hours on the way without a stop, day after day</source>
      <translation>移动方式像船只或动物：日复一日，连续数小时在途而不停留</translation>
    </message>
    <message>
      <source>moves like a ship, boat or bird: steady speeds on straight ways</source>
      <translation>移动方式像轮船、小船或鸟类：速度稳定，路线笔直</translation>
    </message>
    <message>
      <source>moves like an aircraft: faster than cars, steady and straight on</source>
      <translation>移动方式像飞机：比汽车快，速度稳定且直线前进</translation>
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
      <source>no fixes on the way</source>
      <translation>途中没有定位点</translation>
    </message>
    <message>
      <source>no label is likely enough</source>
      <translation>没有足够可能的标签</translation>
    </message>
    <message>
      <source>no position</source>
      <translation>没有位置</translation>
    </message>
    <message>
      <source>no stop on record</source>
      <translation>没有停留记录</translation>
    </message>
    <message>
      <source>no time that can be read</source>
      <translation>没有可读的时间</translation>
    </message>
    <message>
      <source>no track</source>
      <translation>没有轨迹</translation>
    </message>
    <message>
      <source>no trips, or of few people</source>
      <translation>没有出行，或人数很少</translation>
    </message>
    <message>
      <source>no user</source>
      <translation>没有用户</translation>
    </message>
    <message>
      <source>none</source>
      <translation>无</translation>
    </message>
    <message>
      <source>none: each file is a user</source>
      <translation>无：每个文件是一个用户</translation>
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
      <source>not proven</source>
      <translation>未证实</translation>
    </message>
    <message>
      <source>not read</source>
      <translation>未读取</translation>
    </message>
    <message>
      <source>nothing clearly beats saying that it stays where it is; {model}.</source>
      <translation>没有方法明显优于“停在原处”；{model}。</translation>
    </message>
    <message>
      <source>nothing clearly beats staying</source>
      <translation>没有方法明显优于停在原处</translation>
    </message>
    <message>
      <source>of the trips</source>
      <translation>占出行</translation>
    </message>
    <message>
      <source>on the way back to the middle of its places</source>
      <translation>正返回其各地点的中心</translation>
    </message>
    <message>
      <source>on the way for most of the time on record, as vehicles are</source>
      <translation>记录的大部分时间都在路上，与车辆相同</translation>
    </message>
    <message>
      <source>on {k} of {of} nights with fixes</source>
      <translation>{of} 个有定位的夜晚中的 {k} 个</translation>
    </message>
    <message>
      <source>on {k} of {of} weekdays with fixes</source>
      <translation>{of} 个有定位的工作日中的 {k} 个</translation>
    </message>
    <message>
      <source>per day</source>
      <translation>每天</translation>
    </message>
    <message>
      <source>pip brought its own {names}. Remove the environment and install again.</source>
      <translation>pip 带入了自己的 {names}。请移除环境并重新安装。</translation>
    </message>
    <message>
      <source>place {n}</source>
      <translation>地点 {n}</translation>
    </message>
    <message>
      <source>position</source>
      <translation>位置</translation>
    </message>
    <message>
      <source>position 0, 0, which devices write without a signal</source>
      <translation>位置 0, 0，设备无信号时写入</translation>
    </message>
    <message>
      <source>position known to over a kilometre only</source>
      <translation>位置误差超过一公里</translation>
    </message>
    <message>
      <source>position outside the world</source>
      <translation>位置超出地球范围</translation>
    </message>
    <message>
      <source>positions known to more than {m:g} m</source>
      <translation>位置误差超过 {m:g} 米</translation>
    </message>
    <message>
      <source>rail</source>
      <translation>轨道交通</translation>
    </message>
    <message>
      <source>rarely farther from that place than [{:.1f} km]</source>
      <translation>很少离该地超过 [{:.1f} 公里]</translation>
    </message>
    <message>
      <source>raw signal of a timeline</source>
      <translation>时间线的原始信号</translation>
    </message>
    <message>
      <source>raw-small suits a laptop; raw-base and raw-large need a graphics card. In another size than raw-small, training starts from random weights. A model of your own keeps its size.</source>
      <translation>raw-small 适合笔记本电脑；raw-base 和 raw-large 需要显卡。选择 raw-small 以外的规模时，训练从随机权重开始。您自己的模型保持其规模。</translation>
    </message>
    <message>
      <source>recognised</source>
      <translation>自动识别</translation>
    </message>
    <message>
      <source>recorded about every [{:.0f} s]</source>
      <translation>约每 [{:.0f} 秒] 记录一次</translation>
    </message>
    <message>
      <source>region</source>
      <translation>区域</translation>
    </message>
    <message>
      <source>regions</source>
      <translation>区域</translation>
    </message>
    <message>
      <source>regions: who was in each. flows: who went from zone to zone. zones: who began or ended a trip in each.</source>
      <translation>regions：谁在每个区域中。flows：谁从一个分区到另一个分区。zones：谁在每个分区中开始或结束出行。</translation>
    </message>
    <message>
      <source>right in {share:.0f} % of cases that it had not learned from ({n} sources weigh alike, the worst {low:.0f} %, the best {high:.0f} %; unknown counts as wrong).</source>
      <translation>在未用于学习的情况中，{share:.0f} % 正确（{n} 个数据来源权重相同，最差 {low:.0f} %，最好 {high:.0f} %；“未知”算作错误）。</translation>
    </message>
    <message>
      <source>share of right answers</source>
      <translation>正确回答的比例</translation>
    </message>
    <message>
      <source>shipped: the model that comes with RAW. none: random weights. Or a bundle's folder or .zip.</source>
      <translation>shipped：RAW 自带的模型。none：随机权重。或模型包的文件夹或 .zip。</translation>
    </message>
    <message>
      <source>similarity to {target}</source>
      <translation>与 {target} 的相似度</translation>
    </message>
    <message>
      <source>simple</source>
      <translation>简单方法</translation>
    </message>
    <message>
      <source>simple: the simple method that was nearest in the past of these tracks at each horizon; a backtest says where it is better than the model. Paths are the model's alone.</source>
      <translation>simple：在这些轨迹的过去，每个时长误差最小的简单方法；回测会说明它在哪里优于模型。只有模型给出路径。</translation>
    </message>
    <message>
      <source>solar time</source>
      <translation>太阳时</translation>
    </message>
    <message>
      <source>speeds too high</source>
      <translation>速度过高</translation>
    </message>
    <message>
      <source>staying</source>
      <translation>停在原处</translation>
    </message>
    <message>
      <source>stops and trips</source>
      <translation>停留和出行</translation>
    </message>
    <message>
      <source>the command stopped with code {n}</source>
      <translation>命令以代码 {n} 停止</translation>
    </message>
    <message>
      <source>the model has no head that names modes</source>
      <translation>模型没有判别交通方式的标签</translation>
    </message>
    <message>
      <source>the model is neither clearly better nor clearly worse</source>
      <translation>模型既不明显更好，也不明显更差</translation>
    </message>
    <message>
      <source>the model is {percent} farther off</source>
      <translation>模型误差大 {percent}</translation>
    </message>
    <message>
      <source>the model is {percent} nearer, but this is not proved</source>
      <translation>模型误差小 {percent}，但尚未证实</translation>
    </message>
    <message>
      <source>the only fix of a day</source>
      <translation>当天唯一的定位点</translation>
    </message>
    <message>
      <source>the only fix of a track</source>
      <translation>轨迹唯一的定位点</translation>
    </message>
    <message>
      <source>the only fix of a user</source>
      <translation>用户唯一的定位点</translation>
    </message>
    <message>
      <source>the places do not show clearly whether one is work</source>
      <translation>各地点不能明确显示其中是否有工作地点</translation>
    </message>
    <message>
      <source>the same</source>
      <translation>相同</translation>
    </message>
    <message>
      <source>the same answer for all, the most frequent or the middle one: nearer than gradient boosting here</source>
      <translation>对所有对象给出同一个回答（最常见的或居中的）：这里比梯度提升更接近</translation>
    </message>
    <message>
      <source>these tracks</source>
      <translation>这些轨迹</translation>
    </message>
    <message>
      <source>time</source>
      <translation>时间</translation>
    </message>
    <message>
      <source>time before 1900 or after 2100</source>
      <translation>时间早于 1900 年或晚于 2100 年</translation>
    </message>
    <message>
      <source>to {region}</source>
      <translation>到{region}</translation>
    </message>
    <message>
      <source>too far ahead</source>
      <translation>预测时间过远</translation>
    </message>
    <message>
      <source>too few cases to say</source>
      <translation>案例太少，无法判断</translation>
    </message>
    <message>
      <source>too few cases to say: {cases}, of {groups} users or parts of their time; {n} of {m} are needed.</source>
      <translation>案例太少，无法判断：{cases} 个，来自 {groups} 个用户或其时间段；需要 {m} 个中的 {n} 个。</translation>
    </message>
    <message>
      <source>too few fixes</source>
      <translation>定位点太少</translation>
    </message>
    <message>
      <source>too few or too many people</source>
      <translation>人数过少或过多</translation>
    </message>
    <message>
      <source>too little of the time at places is on record</source>
      <translation>在各地点停留的时间记录太少</translation>
    </message>
    <message>
      <source>too much of the way lies in gaps</source>
      <translation>路程中落在空缺里的部分过多</translation>
    </message>
    <message>
      <source>too short a time from first to last fix</source>
      <translation>首末定位点之间的时间太短</translation>
    </message>
    <message>
      <source>track</source>
      <translation>轨迹</translation>
    </message>
    <message>
      <source>tracks</source>
      <translation>轨迹</translation>
    </message>
    <message>
      <source>truth \ answer | right</source>
      <translation>真实 \ 回答 | 正确</translation>
    </message>
    <message>
      <source>unknown</source>
      <translation>未知</translation>
    </message>
    <message>
      <source>unreadable row</source>
      <translation>无法读取的行</translation>
    </message>
    <message>
      <source>use a simple method</source>
      <translation>使用简单方法</translation>
    </message>
    <message>
      <source>use a simple method ({best}): it is less than a metre off.</source>
      <translation>使用简单方法（{best}）：误差不到一米。</translation>
    </message>
    <message>
      <source>use a simple method ({best}); {model}.</source>
      <translation>使用简单方法（{best}）；{model}。</translation>
    </message>
    <message>
      <source>use small letters, digits and _, a letter first, such as night_worker, but not the name of a field that is there, nor one that Windows keeps for a device, such as con</source>
      <translation>请使用小写字母、数字和 _，以字母开头，如 night_worker，但不能与已有字段同名，也不能是 Windows 的设备保留名，如 con</translation>
    </message>
    <message>
      <source>use the model</source>
      <translation>使用模型</translation>
    </message>
    <message>
      <source>use the model: it is {percent} nearer than the best simple method ({best}), with a mean error of {a} instead of {b}.</source>
      <translation>使用模型：它比最佳简单方法（{best}）误差小 {percent}，平均误差为 {a}，而不是 {b}。</translation>
    </message>
    <message>
      <source>user</source>
      <translation>用户</translation>
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
      <source>waypoint or point of a route</source>
      <translation>航点或路线点</translation>
    </message>
    <message>
      <source>where it was at that time of an earlier day</source>
      <translation>较早某天同一时间所在之处</translation>
    </message>
    <message>
      <source>with fixes every {s}</source>
      <translation>定位间隔 {s}</translation>
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
      <source>{0:,.0f} trips of {1:,.0f} people; medians: {2:,.0f} minutes, {3:,.0f} m</source>
      <translation>{1:,.0f} 人的 {0:,.0f} 次出行；中位数：{2:,.0f} 分钟，{3:,.0f} 米</translation>
    </message>
    <message>
      <source>{a} against {b}</source>
      <translation>{a} 对 {b}</translation>
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
      <source>{a} would replace {b}, the file {file}. Choose another.</source>
      <translation>{a} 会替换 {b}，即文件 {file}。请选择其他文件。</translation>
    </message>
    <message>
      <source>{date} may begin with the day or with the month: choose under Dates.</source>
      <translation>{date} 可能是日在前，也可能是月在前：请在“日期”中选择。</translation>
    </message>
    <message>
      <source>{error} The training is done: its model is kept in {folder}, and in RAW's training.</source>
      <translation>{error} 训练已完成：其模型保存在 {folder} 和 RAW 的训练页面中。</translation>
    </message>
    <message>
      <source>{file} cannot be read as Parquet: {error}</source>
      <translation>无法将 {file} 读取为 Parquet：{error}</translation>
    </message>
    <message>
      <source>{file} cannot be read as a table of text: {error}</source>
      <translation>无法将 {file} 读取为文本表格：{error}</translation>
    </message>
    <message>
      <source>{file} cannot be read as a table: {error}</source>
      <translation>无法将 {file} 读取为表格：{error}</translation>
    </message>
    <message>
      <source>{file} cannot be read: {error}</source>
      <translation>无法读取 {file}：{error}</translation>
    </message>
    <message>
      <source>{file} cannot be read: {error}. Choose its encoding, such as latin-1</source>
      <translation>无法读取 {file}：{error}。请选择编码，例如 latin-1</translation>
    </message>
    <message>
      <source>{file} cannot be used ({why}): copy the model again.</source>
      <translation>无法使用 {file}（{why}）：请重新复制模型。</translation>
    </message>
    <message>
      <source>{file} could not be written: {why}</source>
      <translation>无法写入 {file}：{why}</translation>
    </message>
    <message>
      <source>{file} does not hold the weights of the model's network.</source>
      <translation>{file} 不含该模型网络的权重。</translation>
    </message>
    <message>
      <source>{file} exists already. Replace it?</source>
      <translation>{file} 已存在。是否替换？</translation>
    </message>
    <message>
      <source>{file} has several columns called '{name}'. Rename all but one.</source>
      <translation>{file} 有多个名为“{name}”的列。请只保留一个，其余改名。</translation>
    </message>
    <message>
      <source>{file} holds no layer of points.</source>
      <translation>{file} 不含点图层。</translation>
    </message>
    <message>
      <source>{file} holds no list of positions: RAW reads exports of Google Timeline and OwnTracks.</source>
      <translation>{file} 不含位置列表：RAW 读取 Google Timeline 和 OwnTracks 的导出文件。</translation>
    </message>
    <message>
      <source>{file} holds no position.</source>
      <translation>{file} 不含位置。</translation>
    </message>
    <message>
      <source>{file} holds {name}, which no model has.</source>
      <translation>{file} 含有 {name}，任何模型都没有它。</translation>
    </message>
    <message>
      <source>{file} is a ZIP archive or a spreadsheet: unpack it, or save it as CSV.</source>
      <translation>{file} 是 ZIP 压缩包或电子表格：请解压，或另存为 CSV。</translation>
    </message>
    <message>
      <source>{file} is damaged, or the disk is full: copy it again ({error}).</source>
      <translation>{file} 已损坏，或磁盘已满：请重新复制（{error}）。</translation>
    </message>
    <message>
      <source>{file} is larger than {n:g} MiB.</source>
      <translation>{file} 大于 {n:g} MiB。</translation>
    </message>
    <message>
      <source>{file} is neither a folder nor a .zip, so it is no model bundle.</source>
      <translation>{file} 既不是文件夹也不是 .zip，因此不是模型包。</translation>
    </message>
    <message>
      <source>{file} is nested too deep to be a list of positions.</source>
      <translation>{file} 嵌套过深，不是位置列表。</translation>
    </message>
    <message>
      <source>{file} is not one of your own models, so it stays.</source>
      <translation>{file} 不是您自己的模型，因此保留。</translation>
    </message>
    <message>
      <source>{file} is of no kind that RAW reads: {known}. Open it in QGIS as a layer.</source>
      <translation>{file} 不是 RAW 能读取的类型：{known}。请在 QGIS 中将其作为图层打开。</translation>
    </message>
    <message>
      <source>{file} is open in QGIS. Remove its layer from the project, or choose another.</source>
      <translation>{file} 已在 QGIS 中打开。请从工程中移除其图层，或选择其他文件。</translation>
    </message>
    <message>
      <source>{file} of the model is not the file that was packed: copy it again.</source>
      <translation>模型的 {file} 不是打包时的文件：请重新复制。</translation>
    </message>
    <message>
      <source>{file} unpacks to more than a model bundle of its size does.</source>
      <translation>{file} 解压后超过了同等大小的模型包。</translation>
    </message>
    <message>
      <source>{file} unpacks to more than {rows:,} rows or {size:,.0f} MB. If that is right, raise MAX_ROWS, or unpack the file first.</source>
      <translation>{file} 解压后超过 {rows:,} 行或 {size:,.0f} MB。若属正常，请提高 MAX_ROWS，或先解压该文件。</translation>
    </message>
    <message>
      <source>{first} to {last} ({zone})</source>
      <translation>{first} 至 {last}（{zone}）</translation>
    </message>
    <message>
      <source>{fixes} left out: {why}.</source>
      <translation>{fixes}未采用：{why}。</translation>
    </message>
    <message>
      <source>{fixes} skipped: {why}.</source>
      <translation>{fixes}已跳过：{why}。</translation>
    </message>
    <message>
      <source>{folder} has no pyvenv.cfg. {advice}</source>
      <translation>{folder} 中没有 pyvenv.cfg。{advice}</translation>
    </message>
    <message>
      <source>{folder} holds no training run: {file} is missing or broken.</source>
      <translation>{folder} 中没有训练：{file} 缺失或损坏。</translation>
    </message>
    <message>
      <source>{folder} is the folder of a run: its model is {folder}/bundle.</source>
      <translation>{folder} 是一次训练的文件夹：其模型为 {folder}/bundle。</translation>
    </message>
    <message>
      <source>{folder}/card.json cannot be read: {error}</source>
      <translation>无法读取 {folder}/card.json：{error}</translation>
    </message>
    <message>
      <source>{folder}/card.json cannot be used ({wrong}): export it again.</source>
      <translation>无法使用 {folder}/card.json（{wrong}）：请重新导出。</translation>
    </message>
    <message>
      <source>{found}: off by {a:.3g} on average in {n:,} cases that it had not learned from, a simple method {b:.3g}.</source>
      <translation>{found}：在 {n:,} 个未学习过的案例中平均误差 {a:.3g}，简单方法为 {b:.3g}。</translation>
    </message>
    <message>
      <source>{found}: right in {a:.0%} of {n:,} cases that it had not learned from ({low:.0%} to {high:.0%} allowing for chance), a simple method in {b:.0%}.</source>
      <translation>{found}：在 {n:,} 个未学习过的案例中 {a:.0%} 正确（考虑偶然性为 {low:.0%} 至 {high:.0%}），简单方法为 {b:.0%}。</translation>
    </message>
    <message>
      <source>{k:,} of {n:,} forecasts rest on the past of fewer than {m} other users: they may show where one of them goes. Treat them as personal data.</source>
      <translation>{n:,} 个预测中有 {k:,} 个依据少于 {m} 名其他用户的过去：可能显示其中某人的去向。请作为个人数据处理。</translation>
    </message>
    <message>
      <source>{km:.1f} km in {min:,.0f} min, {v:.0f} km/h on average, over {w:.0f} km/h for a tenth of it, halts: {n:,.0f}</source>
      <translation>{km:.1f} 公里，用时 {min:,.0f} 分钟，平均 {v:.0f} 公里/时，十分之一时间超过 {w:.0f} 公里/时，停顿 {n:,.0f} 次</translation>
    </message>
    <message>
      <source>{layer} is being edited: stop editing, and save again.</source>
      <translation>{layer} 正在编辑：请停止编辑，然后重新保存。</translation>
    </message>
    <message>
      <source>{method}, damped over {time}</source>
      <translation>{method}，在 {time} 内衰减</translation>
    </message>
    <message>
      <source>{more}, at least {least}</source>
      <translation>{more}，至少 {least}</translation>
    </message>
    <message>
      <source>{n:,.0f} trips</source>
      <translation>{n:,.0f} 次出行</translation>
    </message>
    <message>
      <source>{n:,} fixes</source>
      <translation>{n:,} 个定位点</translation>
    </message>
    <message>
      <source>{n:,} fixes in {steps:,} steps and {minutes:.1f} minutes on {device}.</source>
      <translation>{n:,} 个定位点，{steps:,} 步，{minutes:.1f} 分钟，设备 {device}。</translation>
    </message>
    <message>
      <source>{n:,} fixes, {first} to {last} UTC</source>
      <translation>{n:,} 个定位点，{first} 至 {last} UTC</translation>
    </message>
    <message>
      <source>{n:,} gaps longer than {minutes:g} minutes stay open.</source>
      <translation>{n:,} 个超过 {minutes:g} 分钟的空缺未填补。</translation>
    </message>
    <message>
      <source>{n:,} labelled: {name}.</source>
      <translation>已标注 {n:,} 个：{name}。</translation>
    </message>
    <message>
      <source>{n:,} of {total:,} ids differ from others by case, blanks, accents or invisible letters: if they are one person, join them</source>
      <translation>{total:,} 个 id 中有 {n:,} 个与其他 id 仅在大小写、空格、重音或不可见字符上不同：若为同一人，请合并</translation>
    </message>
    <message>
      <source>{n:,} of {total:,} {units}: {reason}</source>
      <translation>{units}共 {total:,}，其中 {n:,}：{reason}</translation>
    </message>
    <message>
      <source>{n:,} people</source>
      <translation>{n:,} 人</translation>
    </message>
    <message>
      <source>{n:,} positions in gaps are too many: choose a longer step.</source>
      <translation>空缺中的位置有 {n:,} 个，过多：请选择更长的步长。</translation>
    </message>
    <message>
      <source>{n:,} positions in {k:,} gaps.</source>
      <translation>{k:,} 个空缺中的 {n:,} 个位置。</translation>
    </message>
    <message>
      <source>{n:,} queries with a known truth between {first} and {last}; users: {users:,}. The model {model} and {k} simple methods.</source>
      <translation>{first} 至 {last} 间真值已知的查询 {n:,} 个；用户：{users:,}。模型 {model} 与 {k} 种简单方法。</translation>
    </message>
    <message>
      <source>{n:,} steps are too many: choose a STEP of {m:g} min or more.</source>
      <translation>{n:,} 步过多：请选择 {m:g} 分钟或更长的 STEP。</translation>
    </message>
    <message>
      <source>{n:,} tracks</source>
      <translation>{n:,} 条轨迹</translation>
    </message>
    <message>
      <source>{n:,} tracks in {years} years are too many: leave out wrong times.</source>
      <translation>{years} 年内的 {n:,} 条轨迹过多：请排除错误的时间。</translation>
    </message>
    <message>
      <source>{n:,} users</source>
      <translation>{n:,} 个用户</translation>
    </message>
    <message>
      <source>{name} (comes with RAW)</source>
      <translation>{name}（随 RAW 提供）</translation>
    </message>
    <message>
      <source>{name} is no head with {inputs} inputs and {outputs} outputs: {error}. Train it again.</source>
      <translation>{name} 不是具有 {inputs} 个输入和 {outputs} 个输出的标签：{error}。请重新训练。</translation>
    </message>
    <message>
      <source>{name} is used where no other model is chosen.</source>
      <translation>未另选模型时使用 {name}。</translation>
    </message>
    <message>
      <source>{name} was installed but does not work: {why} {advice}</source>
      <translation>{name} 已安装但无法工作：{why} {advice}</translation>
    </message>
    <message>
      <source>{name} {version} in {folder} comes before RAW's own, and RAW needs another version. Remove it: {python} -m pip uninstall {name}</source>
      <translation>{folder} 中的 {name} {version} 排在 RAW 自己的版本之前，而 RAW 需要另一版本。请将其删除：{python} -m pip uninstall {name}</translation>
    </message>
    <message>
      <source>{name}: refused</source>
      <translation>{name}：已拒绝</translation>
    </message>
    <message>
      <source>{name}: what the training did</source>
      <translation>{name}：训练的效果</translation>
    </message>
    <message>
      <source>{n} % of cases lie inside</source>
      <translation>{n} % 的情况位于其内</translation>
    </message>
    <message>
      <source>{n} labels say little: label more before you rely on it.</source>
      <translation>{n} 个标签说明不了多少：依赖它之前请标注更多。</translation>
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
      <source>{parameter} has to be a number from {low:g} to {high:g}, not {value:g}.</source>
      <translation>{parameter} 必须为 {low:g} 到 {high:g} 之间的数，而不是 {value:g}。</translation>
    </message>
    <message>
      <source>{parameter} has to be a number of {low:g} or more, not {value:g}.</source>
      <translation>{parameter} 必须为不小于 {low:g} 的数，而不是 {value:g}。</translation>
    </message>
    <message>
      <source>{parameter} has to be one of {known}, not {value}.</source>
      <translation>{parameter} 必须为 {known} 之一，而不是 {value}。</translation>
    </message>
    <message>
      <source>{role} = {name} (guessed)</source>
      <translation>{role} = {name}（自动识别）</translation>
    </message>
    <message>
      <source>{shares} of the time. Cells of {size:.0f} m on the map, not addresses. Hours: solar time.</source>
      <translation>占时间的 {shares}。地图上为 {size:.0f} 米的格网，不是地址。小时：太阳时。</translation>
    </message>
    <message>
      <source>{target} is there already and is no model bundle, so nothing was written. Choose a new folder.</source>
      <translation>{target} 已存在且不是模型包，因此没有写入。请选择新文件夹。</translation>
    </message>
    <message>
      <source>{title}, {horizon:g} min every {step:g}</source>
      <translation>{title}，{horizon:g} 分钟，每 {step:g} 分钟一个</translation>
    </message>
    <message>
      <source>{verdict}

Use this model all the same?</source>
      <translation>{verdict}

仍要使用此模型吗？</translation>
    </message>
    <message>
      <source>{what} failed: {reason} {advice}</source>
      <translation>{what}失败：{reason} {advice}</translation>
    </message>
    <message>
      <source>{what}: {left} left</source>
      <translation>{what}：剩余 {left}</translation>
    </message>
    <message>
      <source>{what}: {share:.0%}, {left} left</source>
      <translation>{what}：{share:.0%}，剩余 {left}</translation>
    </message>
    <message>
      <source>⚠ The map's clock is off: the map shows the last forecasts alone. Choose a track to set the clock.</source>
      <translation>⚠ 地图时钟已关闭：地图只显示最后的预测。请选择一条轨迹以设置时钟。</translation>
    </message>
    <message>
      <source>⚠ Unlike what this was trained on: {reasons}.</source>
      <translation>⚠ 与此标签的训练数据不同：{reasons}。</translation>
    </message>
  </context>
</TS>
