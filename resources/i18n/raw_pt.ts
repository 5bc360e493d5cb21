<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="pt_BR" sourcelanguage="en">
  <context>
    <name>RAW</name>
    <message>
      <source> or </source>
      <translation> ou </translation>
    </message>
    <message>
      <source>'{name}' is no name for a label: {rule}.</source>
      <translation>'{name}' não serve como nome de rótulo: {rule}.</translation>
    </message>
    <message>
      <source>'{path}' is not a table, neither a CSV nor a Parquet file.</source>
      <translation>'{path}' não é uma tabela, nem CSV nem Parquet.</translation>
    </message>
    <message>
      <source>, one every {time}</source>
      <translation>, uma a cada {time}</translation>
    </message>
    <message>
      <source>1 fix</source>
      <translation>1 posição</translation>
    </message>
    <message>
      <source>1 person</source>
      <translation>1 pessoa</translation>
    </message>
    <message>
      <source>1 track</source>
      <translation>1 trajeto</translation>
    </message>
    <message>
      <source>1 user</source>
      <translation>1 usuário</translation>
    </message>
    <message>
      <source>15 to 150 min ahead</source>
      <translation>15 a 150 min à frente</translation>
    </message>
    <message>
      <source>15 to 150 min ahead round the clock</source>
      <translation>15 a 150 min à frente, dia e noite</translation>
    </message>
    <message>
      <source>&lt;b&gt;Paused.&lt;/b&gt; Resume it now or another day.</source>
      <translation>&lt;b&gt;Em pausa.&lt;/b&gt; Retome agora ou em outro dia.</translation>
    </message>
    <message>
      <source>&lt;b&gt;Running.&lt;/b&gt;</source>
      <translation>&lt;b&gt;Em execução.&lt;/b&gt;</translation>
    </message>
    <message>
      <source>&lt;b&gt;not distinguishable&lt;/b&gt;: the intervals overlap</source>
      <translation>&lt;b&gt;indistinguíveis&lt;/b&gt;: os intervalos se sobrepõem</translation>
    </message>
    <message>
      <source>&lt;b&gt;unknown&lt;/b&gt;</source>
      <translation>&lt;b&gt;desconhecido&lt;/b&gt;</translation>
    </message>
    <message>
      <source>&lt;b&gt;unknown&lt;/b&gt;: the likeliest answer has {p:.0%} only</source>
      <translation>&lt;b&gt;desconhecido&lt;/b&gt;: a resposta mais provável tem apenas {p:.0%}</translation>
    </message>
    <message>
      <source>A bundle's folder, the card.json in it, or its .zip. Empty: the model that comes with RAW.</source>
      <translation>A pasta de um pacote, o card.json dentro dela ou o .zip. Vazio: o modelo que vem com o RAW.</translation>
    </message>
    <message>
      <source>A figure of fewer users is withheld, so that nobody is exposed.</source>
      <translation>Um número de menos usuários é omitido, para que ninguém seja exposto.</translation>
    </message>
    <message>
      <source>A file is in use, perhaps by another QGIS or a virus scanner. Close other windows of QGIS, wait a minute, then press Install again.</source>
      <translation>Um arquivo está em uso, talvez por outro QGIS ou por um antivírus. Feche as outras janelas do QGIS, espere um minuto e pressione Instalar de novo.</translation>
    </message>
    <message>
      <source>A file is not the one that RAW was tested with: it was changed or damaged, and nothing was installed.</source>
      <translation>Um arquivo não é o que foi testado com o RAW: foi alterado ou danificado, e nada foi instalado.</translation>
    </message>
    <message>
      <source>A file of positions. For a folder (GeoLife, many files) write or paste its path.</source>
      <translation>Um arquivo de posições. Para uma pasta (GeoLife, muitos arquivos), escreva ou cole o caminho dela.</translation>
    </message>
    <message>
      <source>A file that unpacks to more is refused: it may be made to fill the disk or the memory.</source>
      <translation>Um arquivo que descompacta para mais do que isso é recusado: pode ter sido feito para encher o disco ou a memória.</translation>
    </message>
    <message>
      <source>A label less sure than {share:.0%} is given as 'unknown'.</source>
      <translation>Um rótulo com menos de {share:.0%} de certeza é dado como 'unknown'.</translation>
    </message>
    <message>
      <source>A page with title, legend, scale and notes in QGIS's layout window.</source>
      <translation>Uma página com título, legenda, escala e notas na janela de layout do QGIS.</translation>
    </message>
    <message>
      <source>A row is shown if its number of users, with noise, is so large.</source>
      <translation>Uma linha é mostrada se seu número de usuários, com ruído, for tão grande.</translation>
    </message>
    <message>
      <source>A row of figures for each user, track or day, by which they can be compared, clustered or classified.</source>
      <translation>Uma linha de números para cada usuário, trajeto ou dia, para comparar, agrupar ou classificar.</translation>
    </message>
    <message>
      <source>A simple method does as well or better</source>
      <translation>Um método simples acerta tanto quanto ou mais</translation>
    </message>
    <message>
      <source>A table with an id and the label for each user, track or day; for regions, their polygons.</source>
      <translation>Uma tabela com o id e o rótulo de cada usuário, trajeto ou dia; para regiões, os polígonos delas.</translation>
    </message>
    <message>
      <source>A target has too few fixes, so that there is no embedding to compare.</source>
      <translation>Um alvo tem poucas posições, e não há vetor para comparar.</translation>
    </message>
    <message>
      <source>A user's trips, on average: {shares}.</source>
      <translation>Viagens de um usuário, em média: {shares}.</translation>
    </message>
    <message>
      <source>About {n:,} users are in more than {rows} rows and count in so many, chosen at random.</source>
      <translation>Cerca de {n:,} usuários estão em mais de {rows} linhas e contam em tantas, escolhidas ao acaso.</translation>
    </message>
    <message>
      <source>Accuracy of such forecasts on the past of this layer, compared with simple methods</source>
      <translation>Precisão dessas previsões no passado desta camada, comparada com a de métodos simples</translation>
    </message>
    <message>
      <source>All files (*)</source>
      <translation>Todos os arquivos (*)</translation>
    </message>
    <message>
      <source>All labelled regions lie within two kilometres or are joined by overlaps, so none is far enough from the others to test on: label regions of one level (tracts or districts) and a wider area.</source>
      <translation>Todas as regiões rotuladas ficam a menos de dois quilômetros ou se sobrepõem, e nenhuma está longe o bastante das outras para o teste: rotule regiões de um só nível (setores ou bairros) e uma área maior.</translation>
    </message>
    <message>
      <source>All labels are equal: there is nothing to learn.</source>
      <translation>Todos os rótulos são iguais: não há nada para aprender.</translation>
    </message>
    <message>
      <source>All positions lie within a metre, so their coordinate system is wrong: degrees that are read as metres, for example. Set the coordinate system of the layer or file.</source>
      <translation>Todas as posições ficam dentro de um metro, portanto o sistema de coordenadas está errado: graus lidos como metros, por exemplo. Defina o sistema de coordenadas da camada ou do arquivo.</translation>
    </message>
    <message>
      <source>Also what training needs</source>
      <translation>Também o que é necessário para treinar</translation>
    </message>
    <message>
      <source>An id has {n:,} letters: '{start}…'. Choose another column of users or tracks.</source>
      <translation>Um id tem {n:,} letras: '{start}…'. Escolha outra coluna de usuários ou trajetos.</translation>
    </message>
    <message>
      <source>Answers are marked, and not to be relied on, where there are: {reasons}.</source>
      <translation>As respostas são marcadas, e não se deve confiar nelas, onde há: {reasons}.</translation>
    </message>
    <message>
      <source>Area, km²</source>
      <translation>Área, km²</translation>
    </message>
    <message>
      <source>As it is read.</source>
      <translation>Como é lido.</translation>
    </message>
    <message>
      <source>As it is written in the file.</source>
      <translation>Como está escrito no arquivo.</translation>
    </message>
    <message>
      <source>As layers…</source>
      <translation>Como camadas…</translation>
    </message>
    <message>
      <source>At most so many likely paths for each track, each with its probability.</source>
      <translation>No máximo este número de caminhos prováveis por trajeto, cada um com sua probabilidade.</translation>
    </message>
    <message>
      <source>At most the {n} strongest flows of a slice are drawn, fewer on a small map; the layer's variable {name} changes that. Each slice is a style of the layer. The matrix has the sum of pairs with few people.</source>
      <translation>São desenhados no máximo os {n} fluxos mais fortes de uma fatia, menos em um mapa pequeno; a variável {name} da camada muda isso. Cada fatia é um estilo da camada. A matriz traz a soma dos pares com poucas pessoas.</translation>
    </message>
    <message>
      <source>At {horizon}: {words}</source>
      <translation>Em {horizon}: {words}</translation>
    </message>
    <message>
      <source>At {n:,} times there are fixes more than a kilometre apart, so they are of several people, but no column of users was recognised. Choose it (USER_FIELD), or write 'none' if they are one person's.</source>
      <translation>Em {n:,} instantes há posições a mais de um quilômetro umas das outras, portanto são de várias pessoas, mas nenhuma coluna de usuários foi reconhecida. Escolha-a (USER_FIELD) ou escreva 'none' se forem de uma só pessoa.</translation>
    </message>
    <message>
      <source>Backtest</source>
      <translation>Teste retrospectivo</translation>
    </message>
    <message>
      <source>Backtest forecasts</source>
      <translation>Testar previsões no passado</translation>
    </message>
    <message>
      <source>Basemap</source>
      <translation>Mapa base</translation>
    </message>
    <message>
      <source>Basemap: © OpenStreetMap contributors (https://www.openstreetmap.org/copyright)</source>
      <translation>Mapa base: © colaboradores do OpenStreetMap (https://www.openstreetmap.org/copyright)</translation>
    </message>
    <message>
      <source>Basemap…</source>
      <translation>Mapa base…</translation>
    </message>
    <message>
      <source>Begin with</source>
      <translation>Modelo inicial</translation>
    </message>
    <message>
      <source>Beside a simple method</source>
      <translation>Ao lado de um método simples</translation>
    </message>
    <message>
      <source>By hour of departure ({clock}):</source>
      <translation>Por hora de partida ({clock}):</translation>
    </message>
    <message>
      <source>CSV, Parquet, GPX, Google Timeline, OwnTracks and GeoLife as a layer of fixes, cleaned and sorted.</source>
      <translation>CSV, Parquet, GPX, Google Timeline, OwnTracks e GeoLife como camada de posições, limpas e ordenadas.</translation>
    </message>
    <message>
      <source>Calibrating the forecast areas</source>
      <translation>Calibrando as áreas de previsão</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Cancelar</translation>
    </message>
    <message>
      <source>Cancel the installation</source>
      <translation>Cancelar a instalação</translation>
    </message>
    <message>
      <source>Cancelled.</source>
      <translation>Cancelado.</translation>
    </message>
    <message>
      <source>Cancelled. Nothing was written.</source>
      <translation>Cancelado. Nada foi gravado.</translation>
    </message>
    <message>
      <source>Checking RAW's packages</source>
      <translation>Verificando os pacotes do RAW</translation>
    </message>
    <message>
      <source>Checking the models …</source>
      <translation>Verificando os modelos …</translation>
    </message>
    <message>
      <source>Checking {name} …</source>
      <translation>Verificando {name} …</translation>
    </message>
    <message>
      <source>Choose a file or a folder.</source>
      <translation>Escolha um arquivo ou uma pasta.</translation>
    </message>
    <message>
      <source>Choose a layer of fixes (points with a time) or of lines with M values.</source>
      <translation>Escolha uma camada de posições (pontos com hora) ou de linhas com valores M.</translation>
    </message>
    <message>
      <source>Choose a layer of tracks</source>
      <translation>Escolha uma camada de trajetos</translation>
    </message>
    <message>
      <source>Choose two regions in the list to see them side by side</source>
      <translation>Escolha duas regiões na lista para vê-las lado a lado</translation>
    </message>
    <message>
      <source>Clear cache</source>
      <translation>Limpar o cache</translation>
    </message>
    <message>
      <source>Click the corners. Right click closes the region, Backspace takes back a corner, Esc stops.</source>
      <translation>Clique em cada vértice. O botão direito fecha a região, Backspace desfaz um vértice, Esc cancela.</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Fechar</translation>
    </message>
    <message>
      <source>Colours</source>
      <translation>Cores</translation>
    </message>
    <message>
      <source>Commuter</source>
      <translation>Pendular</translation>
    </message>
    <message>
      <source>Commuters</source>
      <translation>Pendulares</translation>
    </message>
    <message>
      <source>Compare</source>
      <translation>Comparar</translation>
    </message>
    <message>
      <source>Compare regions</source>
      <translation>Comparar regiões</translation>
    </message>
    <message>
      <source>Comparing</source>
      <translation>Comparando</translation>
    </message>
    <message>
      <source>Comparing with the old model on held-out people</source>
      <translation>Comparando com o modelo anterior em pessoas fora do treino</translation>
    </message>
    <message>
      <source>Contents</source>
      <translation>Sumário</translation>
    </message>
    <message>
      <source>Continue training</source>
      <translation>Continuar o treino</translation>
    </message>
    <message>
      <source>Continue training on your own tracks, or teach a new label from examples.</source>
      <translation>Continuar o treino com os seus trajetos ou ensinar um novo rótulo com exemplos.</translation>
    </message>
    <message>
      <source>Continue training the model on your own tracks, and test on held-out people whether it improved.</source>
      <translation>Continua o treino do modelo com os seus trajetos e testa, em pessoas fora do treino, se ele melhorou.</translation>
    </message>
    <message>
      <source>Continue training…</source>
      <translation>Continuar o treino…</translation>
    </message>
    <message>
      <source>Coordinate system of the columns</source>
      <translation>Sistema de coordenadas das colunas</translation>
    </message>
    <message>
      <source>Coordinates</source>
      <translation>Coordenadas</translation>
    </message>
    <message>
      <source>Counts of this layer's devices have no interval: a small difference may be chance.</source>
      <translation>As contagens de dispositivos desta camada não têm intervalo: uma diferença pequena pode ser acaso.</translation>
    </message>
    <message>
      <source>Data</source>
      <translation>Dados</translation>
    </message>
    <message>
      <source>Data: {layer}: {summary}</source>
      <translation>Dados: {layer}: {summary}</translation>
    </message>
    <message>
      <source>Date and time, ISO text, or epoch seconds, ms or µs.</source>
      <translation>Data e hora, texto ISO ou tempo Unix em segundos, ms ou µs.</translation>
    </message>
    <message>
      <source>Dates</source>
      <translation>Datas</translation>
    </message>
    <message>
      <source>Days</source>
      <translation>Dias</translation>
    </message>
    <message>
      <source>Days recorded: {n:.0f}; {share:.0%} of the time.</source>
      <translation>Dias registrados: {n:.0f}; {share:.0%} do tempo.</translation>
    </message>
    <message>
      <source>Delete</source>
      <translation>Excluir</translation>
    </message>
    <message>
      <source>Delete one of your own models</source>
      <translation>Excluir um dos seus modelos</translation>
    </message>
    <message>
      <source>Delete the model '{name}'? It cannot be brought back.</source>
      <translation>Excluir o modelo '{name}'? Não será possível recuperá-lo.</translation>
    </message>
    <message>
      <source>Delete the run</source>
      <translation>Excluir a execução</translation>
    </message>
    <message>
      <source>Delete this run, with its copy of the tracks and what it has trained?</source>
      <translation>Excluir esta execução, com a cópia dos trajetos e o que foi treinado?</translation>
    </message>
    <message>
      <source>Deletes the embeddings of tracks that RAW has read. Layers and models stay.</source>
      <translation>Exclui os vetores dos trajetos que o RAW já leu. Camadas e modelos são mantidos.</translation>
    </message>
    <message>
      <source>Departures shown: {first} to {last}, {clock}.</source>
      <translation>Partidas mostradas: {first} a {last}, {clock}.</translation>
    </message>
    <message>
      <source>Departures {part}, {clock}</source>
      <translation>Partidas {part}, {clock}</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>Dispositivo</translation>
    </message>
    <message>
      <source>Device used</source>
      <translation>Dispositivo usado</translation>
    </message>
    <message>
      <source>Diagnose</source>
      <translation>Diagnosticar</translation>
    </message>
    <message>
      <source>Diary</source>
      <translation>Diário</translation>
    </message>
    <message>
      <source>Distance</source>
      <translation>Distância</translation>
    </message>
    <message>
      <source>Do not rely on them: they are unlike the training data (in_domain is false).</source>
      <translation>Não confie nesses resultados: são diferentes dos dados de treino (in_domain é false).</translation>
    </message>
    <message>
      <source>Don't use it: it forecasts worse than the model before.</source>
      <translation>Não o use: ele prevê pior que o modelo anterior.</translation>
    </message>
    <message>
      <source>Done. RAW is ready: no restart is needed.</source>
      <translation>Concluído. O RAW está pronto, não é preciso reiniciar.</translation>
    </message>
    <message>
      <source>Draw</source>
      <translation>Desenhar</translation>
    </message>
    <message>
      <source>Draw a region</source>
      <translation>Desenhar uma região</translation>
    </message>
    <message>
      <source>Draw a region by its corners</source>
      <translation>Desenhar uma região vértice por vértice</translation>
    </message>
    <message>
      <source>Draw a region on the map, or select polygons, to see its people, their hours and its scores.</source>
      <translation>Desenhe uma região no mapa, ou selecione polígonos, para ver as pessoas, os horários e os índices da região.</translation>
    </message>
    <message>
      <source>Draw regions, look at users, forecast: beside the map.</source>
      <translation>Desenhar regiões, ver usuários e fazer previsões ao lado do mapa.</translation>
    </message>
    <message>
      <source>Drawn regions</source>
      <translation>Regiões desenhadas</translation>
    </message>
    <message>
      <source>Each label is of one person or place alone: label more of them.</source>
      <translation>Cada rótulo é de uma só pessoa ou lugar: rotule mais deles.</translation>
    </message>
    <message>
      <source>Each row has a start and an end and becomes two fixes: at {start} and at {end}.</source>
      <translation>Cada linha tem início e fim e vira duas posições: em {start} e em {end}.</translation>
    </message>
    <message>
      <source>Embed tracks</source>
      <translation>Vetores de trajetos</translation>
    </message>
    <message>
      <source>Embedded: {share:.0%}</source>
      <translation>Vetores calculados: {share:.0%}</translation>
    </message>
    <message>
      <source>Embedding</source>
      <translation>Calculando vetores</translation>
    </message>
    <message>
      <source>Embeddings</source>
      <translation>Vetores</translation>
    </message>
    <message>
      <source>Embeddings are computed all the same, but cannot be kept in {folder}: {error}</source>
      <translation>Os vetores são calculados mesmo assim, mas não podem ser guardados em {folder}: {error}</translation>
    </message>
    <message>
      <source>Empty: a track where a track field is chosen (or INPUT has no users), else a user, after the last fix of all the user's tracks.</source>
      <translation>Vazio: por trajeto, se um campo de trajeto foi escolhido (ou INPUT não tem usuários); senão, por usuário, após a última posição de todos os seus trajetos.</translation>
    </message>
    <message>
      <source>Empty: recognised. Or utf-8, latin-1, cp1252 …</source>
      <translation>Vazio: detectar. Ou utf-8, latin-1, cp1252 …</translation>
    </message>
    <message>
      <source>Encoding of text</source>
      <translation>Codificação do texto</translation>
    </message>
    <message>
      <source>Encounters</source>
      <translation>Encontros</translation>
    </message>
    <message>
      <source>Encounters are missed: {share:.0%} of the gaps between fixes are longer than MAX_GAP.</source>
      <translation>Faltam encontros: {share:.0%} dos intervalos entre posições são mais longos que MAX_GAP.</translation>
    </message>
    <message>
      <source>Encounters show who was near whom. Do not publish them.</source>
      <translation>Encontros mostram quem esteve perto de quem. Não os publique.</translation>
    </message>
    <message>
      <source>Encounters tell who knows whom. They are personal data: do not publish them.</source>
      <translation>Encontros revelam quem conhece quem. São dados pessoais: não os publique.</translation>
    </message>
    <message>
      <source>Encounters: {n:,}, observed: {k:,}.</source>
      <translation>Encontros: {n:,}, observados: {k:,}.</translation>
    </message>
    <message>
      <source>Errors of forecasts on the past of these tracks, by horizon, beside simple methods, with a verdict in words.</source>
      <translation>Erros das previsões no passado destes trajetos, por horizonte, ao lado de métodos simples, com um veredito em palavras.</translation>
    </message>
    <message>
      <source>Failed</source>
      <translation>Falhou</translation>
    </message>
    <message>
      <source>Fewer than ten labelled intervals hold ten fixes and a minute of the tracks.</source>
      <translation>Menos de dez intervalos rotulados contêm dez posições e um minuto dos trajetos.</translation>
    </message>
    <message>
      <source>Fewer than {n} people were seen in {area}. Nothing is shown, to protect them: figures of so few could reveal one of them.</source>
      <translation>Menos de {n} pessoas foram vistas em {area}. Nada é mostrado, para protegê-las: com tão poucas pessoas, os valores poderiam revelar uma delas.</translation>
    </message>
    <message>
      <source>Field to learn</source>
      <translation>Campo a aprender</translation>
    </message>
    <message>
      <source>Field with the unit's id (empty: guessed)</source>
      <translation>Campo com o id da unidade (vazio: detectar)</translation>
    </message>
    <message>
      <source>Fields</source>
      <translation>Campos</translation>
    </message>
    <message>
      <source>Fields of REGIONS that are figures or belong to a GeoPackage are not taken over: {names}.</source>
      <translation>Campos de REGIONS que são números de resultados ou pertencem a um GeoPackage não são mantidos: {names}.</translation>
    </message>
    <message>
      <source>Fields: {fields}.</source>
      <translation>Campos: {fields}.</translation>
    </message>
    <message>
      <source>Fields: {names}</source>
      <translation>Campos: {names}</translation>
    </message>
    <message>
      <source>Figures as on the desk: those of overlapping regions can be subtracted from each other. Others may have those that 'Publish figures' makes.</source>
      <translation>Números de uso interno: os de regiões sobrepostas podem ser subtraídos uns dos outros. Outros podem receber os que 'Publicar números' produz.</translation>
    </message>
    <message>
      <source>Figures for polygons from the people who visit them, with intervals; those of few people are withheld.</source>
      <translation>Números para polígonos a partir das pessoas que os visitam, com intervalos; números de poucas pessoas são omitidos.</translation>
    </message>
    <message>
      <source>Figures of fewer than {n} people are withheld. The recorded people are not the population.</source>
      <translation>Valores de menos de {n} pessoas são omitidos. As pessoas registradas não representam a população.</translation>
    </message>
    <message>
      <source>Figures of regions</source>
      <translation>Números de regiões</translation>
    </message>
    <message>
      <source>Figures of regions, flows or zones as they may leave the desk: with noise, at a price that a ledger adds up.</source>
      <translation>Números de regiões, fluxos ou zonas que podem ser divulgados: com ruído, a um preço que um livro-razão soma.</translation>
    </message>
    <message>
      <source>Figures of the drawn regions as others may have them</source>
      <translation>Números das regiões desenhadas como outros podem tê-los</translation>
    </message>
    <message>
      <source>Figures of too few people are withheld. The recorded people are not the population.</source>
      <translation>Valores de pouquíssimas pessoas são omitidos. As pessoas registradas não representam a população.</translation>
    </message>
    <message>
      <source>File or folder</source>
      <translation>Arquivo ou pasta</translation>
    </message>
    <message>
      <source>Files not read (another kind, or no time and position): {names}.</source>
      <translation>Arquivos não lidos (de outro tipo, ou sem hora e posição): {names}.</translation>
    </message>
    <message>
      <source>Fill gaps</source>
      <translation>Preencher lacunas</translation>
    </message>
    <message>
      <source>Filling the gaps</source>
      <translation>Preenchendo as lacunas</translation>
    </message>
    <message>
      <source>Find encounters</source>
      <translation>Detectar encontros</translation>
    </message>
    <message>
      <source>Finding encounters</source>
      <translation>Detectando encontros</translation>
    </message>
    <message>
      <source>Finding stops and trips</source>
      <translation>Procurando paradas e viagens</translation>
    </message>
    <message>
      <source>Finding trips</source>
      <translation>Procurando viagens</translation>
    </message>
    <message>
      <source>Finished.</source>
      <translation>Concluído.</translation>
    </message>
    <message>
      <source>First minus second</source>
      <translation>Primeira menos segunda</translation>
    </message>
    <message>
      <source>First number of dates such as 01/02/2024</source>
      <translation>Primeiro número de datas como 01/02/2024</translation>
    </message>
    <message>
      <source>Fixes</source>
      <translation>Posições</translation>
    </message>
    <message>
      <source>Fixes (points with a time), or lines whose M values are epoch seconds, in any CRS.</source>
      <translation>Posições (pontos com hora), ou linhas cujos valores M são tempo Unix em segundos, em qualquer SRC.</translation>
    </message>
    <message>
      <source>Flows</source>
      <translation>Fluxos</translation>
    </message>
    <message>
      <source>Flows between zones</source>
      <translation>Fluxos entre zonas</translation>
    </message>
    <message>
      <source>Folder of tracks</source>
      <translation>Pasta de trajetos</translation>
    </message>
    <message>
      <source>Folder of wheels</source>
      <translation>Pasta de wheels</translation>
    </message>
    <message>
      <source>Folder…</source>
      <translation>Pasta…</translation>
    </message>
    <message>
      <source>Folds</source>
      <translation>Partes</translation>
    </message>
    <message>
      <source>Forecast</source>
      <translation>Previsão</translation>
    </message>
    <message>
      <source>Forecast areas</source>
      <translation>Áreas de previsão</translation>
    </message>
    <message>
      <source>Forecast positions</source>
      <translation>Posições previstas</translation>
    </message>
    <message>
      <source>Forecast tracks</source>
      <translation>Prever trajetos</translation>
    </message>
    <message>
      <source>Forecast: areas</source>
      <translation>Previsão: áreas</translation>
    </message>
    <message>
      <source>Forecast: points</source>
      <translation>Previsão: pontos</translation>
    </message>
    <message>
      <source>Forecast: tracks</source>
      <translation>Previsão: trajetos</translation>
    </message>
    <message>
      <source>Forecasting</source>
      <translation>Prevendo</translation>
    </message>
    <message>
      <source>Forecasts</source>
      <translation>Previsões</translation>
    </message>
    <message>
      <source>Forecasts before and after</source>
      <translation>Previsões antes e depois</translation>
    </message>
    <message>
      <source>Forecasts of {name}: what to use, and how far off</source>
      <translation>Previsões de {name}: o que usar, e qual o erro</translation>
    </message>
    <message>
      <source>Forecasts of {users}, {m:g} min ahead: half are expected within {a}, four fifths within {b} (median over the tracks). The point on the map is the best single answer. Between two likely places it lies in neither.</source>
      <translation>Previsões de {users}, {m:g} min à frente: metade é esperada dentro de {a}, quatro quintos dentro de {b} (mediana dos trajetos). O ponto no mapa é a melhor resposta única. Entre dois lugares prováveis, não fica em nenhum deles.</translation>
    </message>
    <message>
      <source>Forecasts: in 50 and 80 % of cases the track lies inside the areas.</source>
      <translation>Previsões: em 50 e 80 % dos casos, o trajeto fica dentro das áreas.</translation>
    </message>
    <message>
      <source>Format</source>
      <translation>Formato</translation>
    </message>
    <message>
      <source>Free some disk space, then press Install again.</source>
      <translation>Libere espaço em disco e pressione Instalar de novo.</translation>
    </message>
    <message>
      <source>Fri</source>
      <translation>Sex</translation>
    </message>
    <message>
      <source>From a .zip or the folder of a model, which is checked first</source>
      <translation>De um .zip ou da pasta de um modelo, que é verificado antes</translation>
    </message>
    <message>
      <source>From home to work: {n:,} trips of {users}.</source>
      <translation>De casa ao trabalho: {n:,} viagens de {users}.</translation>
    </message>
    <message>
      <source>From stop to stop, with modes; or each track of the track field is one, of unknown mode.</source>
      <translation>De parada a parada, com modos; ou cada trajeto do campo de trajeto é uma viagem, de modo desconhecido.</translation>
    </message>
    <message>
      <source>GeoJSON files (*.geojson)</source>
      <translation>Arquivos GeoJSON (*.geojson)</translation>
    </message>
    <message>
      <source>GeoJSON whose fourth coordinate is the time in epoch seconds.</source>
      <translation>GeoJSON cuja quarta coordenada é o tempo Unix em segundos.</translation>
    </message>
    <message>
      <source>HTML files (*.html)</source>
      <translation>Arquivos HTML (*.html)</translation>
    </message>
    <message>
      <source>Help</source>
      <translation>Ajuda</translation>
    </message>
    <message>
      <source>Hexagons</source>
      <translation>Hexágonos</translation>
    </message>
    <message>
      <source>Highest price of all publications together</source>
      <translation>Preço máximo de todas as publicações juntas</translation>
    </message>
    <message>
      <source>Home</source>
      <translation>Casa</translation>
    </message>
    <message>
      <source>Horizon</source>
      <translation>Horizonte</translation>
    </message>
    <message>
      <source>Hours and days of departure, by the clock of the layer's time zone. Mean solar time where no zone but UTC is chosen, and in published figures.</source>
      <translation>Horas e dias da partida, pelo relógio do fuso horário da camada. Hora solar média onde não se escolheu outro fuso além de UTC, e nos números publicados.</translation>
    </message>
    <message>
      <source>Hours of people and regions are in mean solar time: 12:00 as {time}.</source>
      <translation>As horas de pessoas e regiões estão em hora solar média: 12:00 como {time}.</translation>
    </message>
    <message>
      <source>How far ahead of the last fix.</source>
      <translation>Quanto tempo depois da última posição.</translation>
    </message>
    <message>
      <source>How far off, and how sure</source>
      <translation>Qual o erro, e com que certeza</translation>
    </message>
    <message>
      <source>How many</source>
      <translation>Quantos</translation>
    </message>
    <message>
      <source>How many trips go from region to region, and at which hours</source>
      <translation>Quantas viagens vão de região a região, e a que horas</translation>
    </message>
    <message>
      <source>How many trips go from zone to zone, when and by which modes; figures of few people are withheld.</source>
      <translation>Quantas viagens vão de zona a zona, quando e por quais modos; números de poucas pessoas são omitidos.</translation>
    </message>
    <message>
      <source>How this was measured</source>
      <translation>Como isto foi medido</translation>
    </message>
    <message>
      <source>How well a person's presence can be guessed, from all rows and figures together. Half the price is 1.4 times the noise.</source>
      <translation>Quão bem a presença de uma pessoa pode ser adivinhada, por todas as linhas e números juntos. Metade do preço é 1,4 vez o ruído.</translation>
    </message>
    <message>
      <source>IANA name such as UTC, Europe/Berlin or Asia/Shanghai. Times that carry a zone ignore it.</source>
      <translation>Nome IANA como UTC, America/Maceio ou Asia/Shanghai. Horas com fuso próprio o ignoram.</translation>
    </message>
    <message>
      <source>INPUT has fewer than two users: choose the user field.</source>
      <translation>INPUT tem menos de dois usuários: escolha o campo de usuário.</translation>
    </message>
    <message>
      <source>INPUT has lines without M values, so its vertices have no time. Use lines whose M is epoch seconds, or points with a time field.</source>
      <translation>INPUT tem linhas sem valores M, e os vértices não têm hora. Use linhas cujo M seja o tempo Unix em segundos, ou pontos com um campo de hora.</translation>
    </message>
    <message>
      <source>INPUT has no track with two usable fixes, so there is nothing to learn from.</source>
      <translation>INPUT não tem trajeto com duas posições utilizáveis, e não há com o que aprender.</translation>
    </message>
    <message>
      <source>INPUT has no unit with two usable fixes, so there is nothing to learn from.</source>
      <translation>INPUT não tem unidade com duas posições utilizáveis, e não há com o que aprender.</translation>
    </message>
    <message>
      <source>INPUT has no {unit} with two usable fixes, so the output is empty.</source>
      <translation>INPUT não tem {unit} com duas posições utilizáveis, por isso a saída está vazia.</translation>
    </message>
    <message>
      <source>If the coordinates are not degrees, set the coordinate system of the layer or file.</source>
      <translation>Se as coordenadas não são graus, defina o sistema de coordenadas da camada ou do arquivo.</translation>
    </message>
    <message>
      <source>Import</source>
      <translation>Importar</translation>
    </message>
    <message>
      <source>Import a model</source>
      <translation>Importar um modelo</translation>
    </message>
    <message>
      <source>Import tracks</source>
      <translation>Importar trajetos</translation>
    </message>
    <message>
      <source>Imported: {fixes} of {users}.</source>
      <translation>Importação concluída: {fixes} de {users}.</translation>
    </message>
    <message>
      <source>Importing</source>
      <translation>Importando</translation>
    </message>
    <message>
      <source>Importing …</source>
      <translation>Importando …</translation>
    </message>
    <message>
      <source>Import…</source>
      <translation>Importar…</translation>
    </message>
    <message>
      <source>In 80 % of cases the true number lies in its interval.</source>
      <translation>Em 80 % dos casos o número verdadeiro está no intervalo.</translation>
    </message>
    <message>
      <source>In longer gaps between two fixes of a user there are no encounters.</source>
      <translation>Em lacunas mais longas entre duas posições de um usuário não há encontros.</translation>
    </message>
    <message>
      <source>In place of the model: {methods}.</source>
      <translation>No lugar do modelo: {methods}.</translation>
    </message>
    <message>
      <source>Inferred areas</source>
      <translation>Áreas inferidas</translation>
    </message>
    <message>
      <source>Inferred positions</source>
      <translation>Posições inferidas</translation>
    </message>
    <message>
      <source>Inferred tracks</source>
      <translation>Trajetos inferidos</translation>
    </message>
    <message>
      <source>Inferred: areas</source>
      <translation>Inferência: áreas</translation>
    </message>
    <message>
      <source>Inferred: points</source>
      <translation>Inferência: pontos</translation>
    </message>
    <message>
      <source>Inferred: tracks</source>
      <translation>Inferência: trajetos</translation>
    </message>
    <message>
      <source>Inferred: {a} to {b} %</source>
      <translation>Inferido: {a} a {b} %</translation>
    </message>
    <message>
      <source>Install</source>
      <translation>Instalar</translation>
    </message>
    <message>
      <source>Install from</source>
      <translation>Instalar de</translation>
    </message>
    <message>
      <source>Install it here…</source>
      <translation>Instalar aqui…</translation>
    </message>
    <message>
      <source>Installing RAW's packages</source>
      <translation>Instalando os pacotes do RAW</translation>
    </message>
    <message>
      <source>Installing the packages</source>
      <translation>Instalar os pacotes</translation>
    </message>
    <message>
      <source>Interrupted</source>
      <translation>Interrompido</translation>
    </message>
    <message>
      <source>Intervals: parts of the time drawn with replacement, 2,000 times; so they do not hold for other users.</source>
      <translation>Intervalos: partes do tempo sorteadas com reposição, 2.000 vezes; por isso não valem para outros usuários.</translation>
    </message>
    <message>
      <source>Intervals: users drawn with replacement, 2,000 times.</source>
      <translation>Intervalos: usuários sorteados com reposição, 2.000 vezes.</translation>
    </message>
    <message>
      <source>Is the disk full?</source>
      <translation>O disco está cheio?</translation>
    </message>
    <message>
      <source>Is there a connection to pypi.org? Behind a firewall install from a folder of wheels.</source>
      <translation>Há conexão com pypi.org? Atrás de um firewall, instale de uma pasta de wheels.</translation>
    </message>
    <message>
      <source>It can't be said whether the new model is better.</source>
      <translation>Não se pode dizer se o modelo novo é melhor.</translation>
    </message>
    <message>
      <source>It can't be said whether the new model is better: that takes {n} people held out, so {m} or more.</source>
      <translation>Não se pode dizer se o modelo novo é melhor: isso exige {n} pessoas deixadas de fora, logo {m} ou mais.</translation>
    </message>
    <message>
      <source>It depends: better {better}; worse {worse}.</source>
      <translation>Depende: melhor {better}; pior {worse}.</translation>
    </message>
    <message>
      <source>It looks better than a simple method, but these cases do not prove it</source>
      <translation>Parece melhor que um método simples, mas estes casos não o provam</translation>
    </message>
    <message>
      <source>It says little more than the same number for all would</source>
      <translation>Diz pouco mais que um mesmo número para todos</translation>
    </message>
    <message>
      <source>Its name or id, such as Mission; or an expression that is true for it alone, such as $id = 12.</source>
      <translation>O nome ou id dela, como Mission; ou uma expressão verdadeira só para ela, como $id = 12.</translation>
    </message>
    <message>
      <source>Keep it among your models, and use it in this project</source>
      <translation>Guardar entre os seus modelos e usar neste projeto</translation>
    </message>
    <message>
      <source>Keeping the model …</source>
      <translation>Guardando o modelo …</translation>
    </message>
    <message>
      <source>LABELS has no field '{name}'. Its fields: {names}.</source>
      <translation>LABELS não tem o campo '{name}'. Seus campos: {names}.</translation>
    </message>
    <message>
      <source>LABELS has no rows, so there is nothing to learn. Choose a table with ten labels or more.</source>
      <translation>LABELS não tem linhas, e não há o que aprender. Escolha uma tabela com dez rótulos ou mais.</translation>
    </message>
    <message>
      <source>Label</source>
      <translation>Rótulo</translation>
    </message>
    <message>
      <source>Label all of them: a layer in the group</source>
      <translation>Rotular todos: uma camada no grupo</translation>
    </message>
    <message>
      <source>Label name</source>
      <translation>Nome do rótulo</translation>
    </message>
    <message>
      <source>Labelling</source>
      <translation>Rotulando</translation>
    </message>
    <message>
      <source>Labels</source>
      <translation>Rótulos</translation>
    </message>
    <message>
      <source>Labels for users, tracks or days, from their tracks: commuter or not, mode of transport and more.</source>
      <translation>Rótulos de usuários, trajetos ou dias, pelos seus trajetos: pendular ou não, modo de transporte e mais.</translation>
    </message>
    <message>
      <source>Labels of people were learned from users of phones in many countries; they may be wrong.</source>
      <translation>Os rótulos de pessoas foram aprendidos com usuários de celulares de muitos países; podem estar errados.</translation>
    </message>
    <message>
      <source>Labels of regions must be a layer of polygons.</source>
      <translation>Rótulos de regiões devem ser uma camada de polígonos.</translation>
    </message>
    <message>
      <source>Labels of the visitors</source>
      <translation>Rótulos dos visitantes</translation>
    </message>
    <message>
      <source>Labels of the visitors of regions</source>
      <translation>Rótulos dos visitantes das regiões</translation>
    </message>
    <message>
      <source>Labels of {unit}</source>
      <translation>Rótulos de {unit}</translation>
    </message>
    <message>
      <source>Labels were left out at random, ten times, and the model was tested on other people or places.</source>
      <translation>Rótulos foram deixados de fora ao acaso, dez vezes, e o modelo foi testado com outras pessoas ou lugares.</translation>
    </message>
    <message>
      <source>Latitude</source>
      <translation>Latitude</translation>
    </message>
    <message>
      <source>Latitude or y column (empty: guessed)</source>
      <translation>Coluna de latitude ou y (vazio: detectar)</translation>
    </message>
    <message>
      <source>Latitude, y</source>
      <translation>Latitude, y</translation>
    </message>
    <message>
      <source>Less likely encounters are left out.</source>
      <translation>Encontros menos prováveis são omitidos.</translation>
    </message>
    <message>
      <source>Let the model read {users} on the {device}</source>
      <translation>Deixar o modelo ler {users} em {device}</translation>
    </message>
    <message>
      <source>Lines, zones and the whole matrix as layers of the map</source>
      <translation>Linhas, zonas e a matriz inteira como camadas do mapa</translation>
    </message>
    <message>
      <source>Longer gaps are left open. Gaps of up to an hour were measured.</source>
      <translation>Lacunas mais longas ficam abertas. Foram medidas lacunas de até uma hora.</translation>
    </message>
    <message>
      <source>Longest gap</source>
      <translation>Maior lacuna</translation>
    </message>
    <message>
      <source>Longitude</source>
      <translation>Longitude</translation>
    </message>
    <message>
      <source>Longitude or x column (empty: guessed)</source>
      <translation>Coluna de longitude ou x (vazio: detectar)</translation>
    </message>
    <message>
      <source>Longitude, x</source>
      <translation>Longitude, x</translation>
    </message>
    <message>
      <source>Looking at the graphics card and trying the packages …</source>
      <translation>Verificando a placa gráfica e testando os pacotes …</translation>
    </message>
    <message>
      <source>Lower-case letters, digits and _. The field of the results has this name.</source>
      <translation>Letras minúsculas, algarismos e _. O campo dos resultados terá este nome.</translation>
    </message>
    <message>
      <source>Made on {date} with RAW and the model {model}.</source>
      <translation>Feito em {date} com o RAW e o modelo {model}.</translation>
    </message>
    <message>
      <source>Made on {date} with RAW.</source>
      <translation>Feito em {date} com o RAW.</translation>
    </message>
    <message>
      <source>Main mode</source>
      <translation>Modo principal</translation>
    </message>
    <message>
      <source>Main mode of transport</source>
      <translation>Modo principal de transporte</translation>
    </message>
    <message>
      <source>Make a map…</source>
      <translation>Criar um mapa…</translation>
    </message>
    <message>
      <source>Making the environment</source>
      <translation>Criar o ambiente</translation>
    </message>
    <message>
      <source>Map</source>
      <translation>Mapa</translation>
    </message>
    <message>
      <source>Maps</source>
      <translation>Mapas</translation>
    </message>
    <message>
      <source>Matrix</source>
      <translation>Matriz</translation>
    </message>
    <message>
      <source>Matrix of trips</source>
      <translation>Matriz de viagens</translation>
    </message>
    <message>
      <source>Maximum rows of a compressed file</source>
      <translation>Máximo de linhas de um arquivo compactado</translation>
    </message>
    <message>
      <source>Mean error in metres on the same forecasts of people held out: the next five fixes after forty, or 15 to 150 minutes ahead. Below 1 the new model is better; the interval (99 %, since there are five such comparisons) is by person.</source>
      <translation>Erro médio em metros nas mesmas previsões de pessoas deixadas fora do treino: as cinco posições seguintes a quarenta, ou 15 a 150 minutos à frente. Abaixo de 1 o modelo novo é melhor; o intervalo (99 %, pois há cinco comparações) é por pessoa.</translation>
    </message>
    <message>
      <source>Mean error, before → now, for people held out from training ({n}): {pairs}.</source>
      <translation>Erro médio, antes → agora, para pessoas deixadas fora do treino ({n}): {pairs}.</translation>
    </message>
    <message>
      <source>Median visit, minutes</source>
      <translation>Visita mediana, minutos</translation>
    </message>
    <message>
      <source>Method</source>
      <translation>Método</translation>
    </message>
    <message>
      <source>Minimum duration (minutes)</source>
      <translation>Duração mínima (minutos)</translation>
    </message>
    <message>
      <source>Minimum people: </source>
      <translation>Mínimo de pessoas: </translation>
    </message>
    <message>
      <source>Minimum probability</source>
      <translation>Probabilidade mínima</translation>
    </message>
    <message>
      <source>Minimum stop duration</source>
      <translation>Duração mínima da parada</translation>
    </message>
    <message>
      <source>Minimum users per pair of zones</source>
      <translation>Mínimo de usuários por par de zonas</translation>
    </message>
    <message>
      <source>Minimum users per region</source>
      <translation>Mínimo de usuários por região</translation>
    </message>
    <message>
      <source>Minimum users per region: fewer people get no figures.</source>
      <translation>Mínimo de usuários por região: menos pessoas não recebem números.</translation>
    </message>
    <message>
      <source>Minimum users per row</source>
      <translation>Mínimo de usuários por linha</translation>
    </message>
    <message>
      <source>Minutes at most</source>
      <translation>Minutos no máximo</translation>
    </message>
    <message>
      <source>Minutes of training</source>
      <translation>Minutos de treino</translation>
    </message>
    <message>
      <source>Missing Python packages: {packages}. In QGIS install from Plugins → RAW → Packages; elsewhere with the Python that runs this: python -m pip install {names}</source>
      <translation>Faltam pacotes Python: {packages}. No QGIS instale em Complementos → RAW → Pacotes; fora dele, com o Python que roda isto: python -m pip install {names}</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>Modelo</translation>
    </message>
    <message>
      <source>Model bundle (empty: the one that comes with RAW)</source>
      <translation>Pacote de modelo (vazio: o que vem com o RAW)</translation>
    </message>
    <message>
      <source>Model bundles</source>
      <translation>Pacotes de modelo</translation>
    </message>
    <message>
      <source>Model size</source>
      <translation>Tamanho do modelo</translation>
    </message>
    <message>
      <source>Model: {name}.</source>
      <translation>Modelo: {name}.</translation>
    </message>
    <message>
      <source>Models</source>
      <translation>Modelos</translation>
    </message>
    <message>
      <source>Models…</source>
      <translation>Modelos…</translation>
    </message>
    <message>
      <source>Modes (empty: all)</source>
      <translation>Modos (vazio: todos)</translation>
    </message>
    <message>
      <source>Mon</source>
      <translation>Seg</translation>
    </message>
    <message>
      <source>Most likely path</source>
      <translation>Caminho mais provável</translation>
    </message>
    <message>
      <source>Name a layer of {file} as '{file}|layername=NAME'. It has: {all}.</source>
      <translation>Indique uma camada de {file} como '{file}|layername=NAME'. Ele tem: {all}.</translation>
    </message>
    <message>
      <source>Name of the regions (empty: guessed)</source>
      <translation>Nome das regiões (vazio: detectar)</translation>
    </message>
    <message>
      <source>Name of the zones (empty: guessed)</source>
      <translation>Nome das zonas (vazio: detectar)</translation>
    </message>
    <message>
      <source>Names with commas between them, of labels or of the model's heads. The log lists its heads.</source>
      <translation>Nomes separados por vírgulas, de rótulos ou das tarefas do modelo. O registro lista as tarefas dele.</translation>
    </message>
    <message>
      <source>New model</source>
      <translation>Novo modelo</translation>
    </message>
    <message>
      <source>No NVIDIA GPU and driver were found, so the CPU does the work.</source>
      <translation>Nenhuma GPU NVIDIA com driver foi encontrada, então a CPU faz o trabalho.</translation>
    </message>
    <message>
      <source>No column names the users, so all trips of a file are one user's. If one does, choose it as User; if none does, choose the trip's id: then each trip is a user of its own.</source>
      <translation>Nenhuma coluna diz quem são os usuários, então todas as viagens de um arquivo são de um só usuário. Se uma coluna os nomeia, escolha-a como Usuário; se nenhuma, escolha o id da viagem: então cada viagem é um usuário.</translation>
    </message>
    <message>
      <source>No column names the users. If one does, choose it as User.</source>
      <translation>Nenhuma coluna identifica os usuários. Se alguma identifica, escolha-a em Usuário.</translation>
    </message>
    <message>
      <source>No column of {missing} was recognised in {file}. Its columns are: {known}. Choose them, or call them t, lon and lat.</source>
      <translation>Nenhuma coluna de {missing} foi reconhecida em {file}. As colunas são: {known}. Escolha-as, ou chame-as de t, lon e lat.</translation>
    </message>
    <message>
      <source>No difference is visible. Keep the model before, or train longer or on more.</source>
      <translation>Não se vê diferença. Fique com o modelo anterior, ou treine por mais tempo ou com mais dados.</translation>
    </message>
    <message>
      <source>No field names the users, so all fixes are one user's. Choose it as USER_FIELD, or give the word none.</source>
      <translation>Nenhum campo indica os usuários, então todas as posições são de um só usuário. Escolha o campo em USER_FIELD, ou escreva a palavra none.</translation>
    </message>
    <message>
      <source>No field names the users: all fixes are one user's. If one does, choose it under Fields.</source>
      <translation>Nenhum campo indica os usuários: todas as posições são de um só usuário. Se algum indica, escolha-o em Campos.</translation>
    </message>
    <message>
      <source>No field of the layer looks like a time. Choose it as the time field.</source>
      <translation>Nenhum campo da camada parece ser uma hora. Escolha o campo de hora.</translation>
    </message>
    <message>
      <source>No field says who moved, so each track counts as a user of its own.</source>
      <translation>Nenhum campo diz quem se moveu, então cada trajeto conta como um usuário.</translation>
    </message>
    <message>
      <source>No figure</source>
      <translation>Sem valor</translation>
    </message>
    <message>
      <source>No fix could be read.</source>
      <translation>Nenhuma posição pôde ser lida.</translation>
    </message>
    <message>
      <source>No fix has another one of its user {spans} later: choose HORIZON and STEP as the tracks have fixes.</source>
      <translation>Nenhuma posição tem outra do mesmo usuário {spans} depois: escolha HORIZON e STEP conforme as posições dos trajetos.</translation>
    </message>
    <message>
      <source>No fix lies in any region: the regions are {km:,.0f} km from the tracks. Check both layers' CRS.</source>
      <translation>Nenhuma posição está em alguma região: as regiões ficam a {km:,.0f} km dos trajetos. Verifique o SRC das duas camadas.</translation>
    </message>
    <message>
      <source>No fix was skipped.</source>
      <translation>Nenhuma posição foi ignorada.</translation>
    </message>
    <message>
      <source>No hour of the week has {n} people or more.</source>
      <translation>Nenhuma hora da semana tem {n} pessoas ou mais.</translation>
    </message>
    <message>
      <source>No pair of zones has trips of enough users: choose larger zones, or fewer slices.</source>
      <translation>Nenhum par de zonas tem viagens de usuários suficientes: escolha zonas maiores, ou menos fatias.</translation>
    </message>
    <message>
      <source>No training is under way. One that is stopped or interrupted can be resumed here.</source>
      <translation>Nenhum treino em andamento. Um que foi parado ou interrompido pode ser retomado aqui.</translation>
    </message>
    <message>
      <source>No user has two usable fixes.</source>
      <translation>Nenhum usuário tem duas posições utilizáveis.</translation>
    </message>
    <message>
      <source>Nobody could be held out whose tracks are long enough (45 fixes at 5, 15 or 60 s, or days).</source>
      <translation>Não se pôde separar ninguém com trajetos longos o bastante (45 posições a cada 5, 15 ou 60 s, ou dias).</translation>
    </message>
    <message>
      <source>None: there is no place with a share of the time.</source>
      <translation>Nenhum: não há lugar com uma parte relevante do tempo.</translation>
    </message>
    <message>
      <source>Not asked.</source>
      <translation>Não pedida.</translation>
    </message>
    <message>
      <source>Not proven better than a simple method</source>
      <translation>Não comprovado melhor que um método simples</translation>
    </message>
    <message>
      <source>Not read yet: press the arrow to read it.</source>
      <translation>Ainda não lida: clique na seta para ler.</translation>
    </message>
    <message>
      <source>Not tested.</source>
      <translation>Não testado.</translation>
    </message>
    <message>
      <source>Nothing can be published, because a file of the ledger of publications cannot be read: {file}. Restore it from a backup.</source>
      <translation>Nada pode ser publicado, porque um arquivo do livro-razão das publicações não pode ser lido: {file}. Restaure-o de um backup.</translation>
    </message>
    <message>
      <source>Nothing can be published, because the ledger of publications cannot be kept in {folder}: {error}.</source>
      <translation>Nada pode ser publicado, porque o livro-razão das publicações não pode ser mantido em {folder}: {error}.</translation>
    </message>
    <message>
      <source>Number of fixes skipped</source>
      <translation>Número de posições ignoradas</translation>
    </message>
    <message>
      <source>Number of fixes used</source>
      <translation>Número de posições usadas</translation>
    </message>
    <message>
      <source>Number of users</source>
      <translation>Número de usuários</translation>
    </message>
    <message>
      <source>Numbers of users are within ±{within} of those counted in 95 % of cases. {n} of {all} rows have figures: others are of fewer than {least} users, with noise.</source>
      <translation>Os números de usuários ficam a ±{within} dos contados em 95 % dos casos. {n} de {all} linhas têm números: as outras são de menos de {least} usuários, com ruído.</translation>
    </message>
    <message>
      <source>ONNX Runtime could not load its CUDA libraries, so the CPU works. Install onnxruntime-gpu[cuda,cudnn].</source>
      <translation>O ONNX Runtime não conseguiu carregar suas bibliotecas CUDA, então a CPU trabalha. Instale onnxruntime-gpu[cuda,cudnn].</translation>
    </message>
    <message>
      <source>ONNX cannot run the model {name}: {error}</source>
      <translation>O ONNX não consegue rodar o modelo {name}: {error}</translation>
    </message>
    <message>
      <source>Observed: both have fixes</source>
      <translation>Observado: ambos têm posições</translation>
    </message>
    <message>
      <source>Of people in more rows so many count, chosen at random. A quarter of the rows is half the noise, but figures are of fewer people.</source>
      <translation>Pessoas em mais linhas contam em tantas, escolhidas ao acaso. Um quarto das linhas é metade do ruído, mas os números são de menos pessoas.</translation>
    </message>
    <message>
      <source>Of the first {n:,} rows: {skipped}</source>
      <translation>Das primeiras {n:,} linhas: {skipped}</translation>
    </message>
    <message>
      <source>Of times that are written without a zone; others ignore it.</source>
      <translation>Para horas sem fuso horário; as outras não são afetadas.</translation>
    </message>
    <message>
      <source>Of x and y. Empty: degrees, WGS 84.</source>
      <translation>De x e y. Vazio: graus, WGS 84.</translation>
    </message>
    <message>
      <source>One answer a {unit}.</source>
      <translation>Uma resposta por {unit}.</translation>
    </message>
    <message>
      <source>One forecast for each</source>
      <translation>Uma previsão para cada</translation>
    </message>
    <message>
      <source>One forecast for each {unit}, from its last fix.</source>
      <translation>Uma previsão por {unit}, a partir da última posição.</translation>
    </message>
    <message>
      <source>One row for each</source>
      <translation>Uma linha para cada</translation>
    </message>
    <message>
      <source>Only trips of these modes count, such as: walk, bike, motor, rail.</source>
      <translation>Só contam viagens destes modos, como: walk, bike, motor, rail.</translation>
    </message>
    <message>
      <source>Open QGIS's Temporal Controller</source>
      <translation>Abrir o Controlador Temporal do QGIS</translation>
    </message>
    <message>
      <source>Open the report in the browser</source>
      <translation>Abrir o relatório no navegador</translation>
    </message>
    <message>
      <source>Open the sample project</source>
      <translation>Abrir o projeto de exemplo</translation>
    </message>
    <message>
      <source>Other likely paths</source>
      <translation>Outros caminhos prováveis</translation>
    </message>
    <message>
      <source>Other stop</source>
      <translation>Outra parada</translation>
    </message>
    <message>
      <source>Packages</source>
      <translation>Pacotes</translation>
    </message>
    <message>
      <source>Packages…</source>
      <translation>Pacotes…</translation>
    </message>
    <message>
      <source>Pairs of fewer users are added up in one row.</source>
      <translation>Pares de menos usuários são somados em uma linha.</translation>
    </message>
    <message>
      <source>Pairs of users who were, or may have been, near each other at the same time.</source>
      <translation>Pares de usuários que estiveram, ou podem ter estado, próximos um do outro ao mesmo tempo.</translation>
    </message>
    <message>
      <source>Paths</source>
      <translation>Caminhos</translation>
    </message>
    <message>
      <source>Pause</source>
      <translation>Pausar</translation>
    </message>
    <message>
      <source>People</source>
      <translation>Pessoas</translation>
    </message>
    <message>
      <source>People by hour of the week</source>
      <translation>Pessoas por hora da semana</translation>
    </message>
    <message>
      <source>People of this layer are in {n:,} publications already, which cost a ρ of {spent:g} together. With this one it is {total:g} (ε {epsilon:.1f}), and somebody who knows everybody else guesses a person's presence right in {bound:.0%} of cases. MAX_RHO allows {most:g}: raise it if this is meant.</source>
      <translation>Pessoas desta camada já estão em {n:,} publicações, que custam juntas um ρ de {spent:g}. Com esta são {total:g} (ε {epsilon:.1f}), e quem conhece todos os outros acerta a presença de uma pessoa em {bound:.0%} dos casos. MAX_RHO permite {most:g}: aumente-o se for essa a intenção.</translation>
    </message>
    <message>
      <source>People of this layer are in {n:,} publications of this profile, which cost a ρ of {rho:g} together.</source>
      <translation>Pessoas desta camada estão em {n:,} publicações deste perfil, que custam juntas um ρ de {rho:g}.</translation>
    </message>
    <message>
      <source>People per km²</source>
      <translation>Pessoas por km²</translation>
    </message>
    <message>
      <source>Places or tracks of single people. Publish figures of regions instead.</source>
      <translation>Lugares ou trajetórias de pessoas individuais. Publique números de regiões em vez disso.</translation>
    </message>
    <message>
      <source>Play…</source>
      <translation>Reproduzir…</translation>
    </message>
    <message>
      <source>Polygons in any CRS.</source>
      <translation>Polígonos em qualquer SRC.</translation>
    </message>
    <message>
      <source>Polygons in any CRS. Flows and zones can do without: hexagons of a grid of the world.</source>
      <translation>Polígonos em qualquer SRC. Fluxos e zonas podem dispensá-los: hexágonos de uma grade do mundo.</translation>
    </message>
    <message>
      <source>Polygons in any CRS. Where they overlap, the first one counts.</source>
      <translation>Polígonos em qualquer SRC. Onde se sobrepõem, vale o primeiro.</translation>
    </message>
    <message>
      <source>Polygons in any CRS; their own fields are kept, but for figures of an earlier run.</source>
      <translation>Polígonos em qualquer SRC; seus próprios campos são mantidos, exceto números de uma execução anterior.</translation>
    </message>
    <message>
      <source>Positions</source>
      <translation>Posições</translation>
    </message>
    <message>
      <source>Price (ρ)</source>
      <translation>Preço (ρ)</translation>
    </message>
    <message>
      <source>Profile users</source>
      <translation>Perfis de usuários</translation>
    </message>
    <message>
      <source>Profiles</source>
      <translation>Perfis</translation>
    </message>
    <message>
      <source>Profiling</source>
      <translation>Traçando perfis</translation>
    </message>
    <message>
      <source>Publish figures</source>
      <translation>Publicar números</translation>
    </message>
    <message>
      <source>Publish figures…</source>
      <translation>Publicar números…</translation>
    </message>
    <message>
      <source>Published figures</source>
      <translation>Números publicados</translation>
    </message>
    <message>
      <source>Published figures.</source>
      <translation>Números publicados.</translation>
    </message>
    <message>
      <source>Published figures: each person counts in few rows, and counts have noise. The price for each person is a ρ of {rho:g} (ε {epsilon:g}, δ one in a million). Numbers of users are within ±{within:.0f} of those counted in 95 % of cases.</source>
      <translation>Números publicados: cada pessoa conta em poucas linhas, e as contagens têm ruído. O preço para cada pessoa é um ρ de {rho:g} (ε {epsilon:g}, δ de um em um milhão). Os números de usuários ficam a ±{within:.0f} dos contados em 95 % dos casos.</translation>
    </message>
    <message>
      <source>PyTorch has no version for Macs with an Intel processor. RAW runs the model there; untick training, and train on another computer.</source>
      <translation>O PyTorch não tem versão para Macs com processador Intel. O RAW executa o modelo neles; desmarque o treinamento e treine em outro computador.</translation>
    </message>
    <message>
      <source>QGIS cannot transform {a} to {b}. Use another CRS, or set the right one.</source>
      <translation>O QGIS não consegue transformar {a} em {b}. Use outro SRC, ou defina o certo.</translation>
    </message>
    <message>
      <source>QGIS has no XYZ connection. Add one in its Browser panel: XYZ Tiles → New connection.</source>
      <translation>O QGIS não tem nenhuma conexão XYZ. Adicione uma no painel Navegador: XYZ Blocos → Nova conexão.</translation>
    </message>
    <message>
      <source>QGIS will ask this server for pictures of the area that you look at, and again each time you move the map. The server learns your address on the Internet and which area it is: with tracks of people on the screen, that can be where they live. No track, label or figure is sent. Without a basemap nothing is asked.</source>
      <translation>O QGIS vai pedir a este servidor imagens da área que você está vendo, e de novo cada vez que você mover o mapa. O servidor fica sabendo o seu endereço na Internet e qual é a área: com trajetos de pessoas na tela, pode ser onde elas moram. Nenhum trajeto, rótulo ou valor é enviado. Sem mapa base, nada é pedido.</translation>
    </message>
    <message>
      <source>Queries start at random fixes of every user, in equal parts of the time. The model and the simple methods use the fixes up to there. The truth is the user's fix nearest to the horizon, at most half a step from it. Nothing is trained.</source>
      <translation>As consultas começam em posições aleatórias de cada usuário, em partes iguais do tempo. O modelo e os métodos simples usam as posições até ali. A verdade é a posição do usuário mais próxima do horizonte, a no máximo meio passo dele. Nada é treinado.</translation>
    </message>
    <message>
      <source>RAW</source>
      <translation>RAW</translation>
    </message>
    <message>
      <source>RAW can run the model. What you ticked lacks {what}. To download: up to {megabytes} MB.</source>
      <translation>O RAW pode rodar o modelo. Para o que você marcou falta {what}. A baixar: até {megabytes} MB.</translation>
    </message>
    <message>
      <source>RAW cannot run the model yet: it lacks {what}. To download: up to {megabytes} MB.</source>
      <translation>O RAW ainda não pode rodar o modelo: falta {what}. A baixar: até {megabytes} MB.</translation>
    </message>
    <message>
      <source>RAW cannot write into {folder}: {error}. Models, trainings and packages cannot be kept there.</source>
      <translation>O RAW não pode gravar em {folder}: {error}. Modelos, treinos e pacotes não podem ser guardados ali.</translation>
    </message>
    <message>
      <source>RAW dock</source>
      <translation>Painel RAW</translation>
    </message>
    <message>
      <source>RAW has all that it needs to run the model. Training needs more: tick the box below.</source>
      <translation>O RAW tem tudo de que precisa para executar o modelo. O treino precisa de mais: marque a caixa abaixo.</translation>
    </message>
    <message>
      <source>RAW has all that it needs, to run the model and to train.</source>
      <translation>O RAW tem tudo de que precisa, para executar o modelo e para treinar.</translation>
    </message>
    <message>
      <source>RAW has no tested version for Python {a} and NumPy {b}. Update RAW.</source>
      <translation>O RAW não tem versão testada para Python {a} e NumPy {b}. Atualize o RAW.</translation>
    </message>
    <message>
      <source>RAW needs GDAL 3.6 or newer to read this file: open it in QGIS as a layer.</source>
      <translation>O RAW precisa do GDAL 3.6 ou mais novo para ler este arquivo: abra-o no QGIS como camada.</translation>
    </message>
    <message>
      <source>RAW needs Python packages that QGIS's Python lacks: {names}. Plugins → RAW → Packages installs them. On a machine without a screen: python -m pip install --user {names_}, with QGIS's own Python.</source>
      <translation>O RAW precisa de pacotes Python que faltam no Python do QGIS: {names}. Complementos → RAW → Pacotes os instala. Numa máquina sem tela: python -m pip install --user {names_}, com o próprio Python do QGIS.</translation>
    </message>
    <message>
      <source>REGIONS has no polygon with an area, so no fix lies in any.</source>
      <translation>REGIONS não tem polígono com área, portanto nenhuma posição está em um.</translation>
    </message>
    <message>
      <source>Rail user</source>
      <translation>Usuário de trem</translation>
    </message>
    <message>
      <source>Ratio: the model's mean over the best simple method's. Below 1 the model comes nearer.</source>
      <translation>Razão: a média do modelo sobre a do melhor método simples. Abaixo de 1 o modelo chega mais perto.</translation>
    </message>
    <message>
      <source>Read the layer again</source>
      <translation>Ler a camada de novo</translation>
    </message>
    <message>
      <source>Read {fixes} of {users} in {tracks}, from {first} to {last} UTC.</source>
      <translation>Leitura concluída: {fixes} de {users} em {tracks}, de {first} a {last} UTC.</translation>
    </message>
    <message>
      <source>Reading</source>
      <translation>Lendo</translation>
    </message>
    <message>
      <source>Reading the first rows</source>
      <translation>Lendo as primeiras linhas</translation>
    </message>
    <message>
      <source>Reading the tracks</source>
      <translation>Lendo os trajetos</translation>
    </message>
    <message>
      <source>Reading …</source>
      <translation>Lendo …</translation>
    </message>
    <message>
      <source>Region being drawn</source>
      <translation>Região em desenho</translation>
    </message>
    <message>
      <source>Region scores</source>
      <translation>Índices das regiões</translation>
    </message>
    <message>
      <source>Region {number} is drawn across the antimeridian the long way round the world. Cut it at 180°, or write its longitudes beyond 180 (such as 170 to 190).</source>
      <translation>A região {number} cruza o antimeridiano dando a volta longa ao mundo. Corte-a em 180°, ou escreva longitudes além de 180 (como 170 a 190).</translation>
    </message>
    <message>
      <source>Region {n}</source>
      <translation>Região {n}</translation>
    </message>
    <message>
      <source>Region {n} is a {kind}. Regions must be polygons.</source>
      <translation>A região {n} é {kind}. Regiões devem ser polígonos.</translation>
    </message>
    <message>
      <source>Regions</source>
      <translation>Regiões</translation>
    </message>
    <message>
      <source>Regions are published of polygons: choose a layer for REGIONS.</source>
      <translation>Regiões são publicadas a partir de polígonos: escolha uma camada para REGIONS.</translation>
    </message>
    <message>
      <source>Regions can be drawn when the model has read the users.</source>
      <translation>As regiões podem ser desenhadas depois que o modelo ler os usuários.</translation>
    </message>
    <message>
      <source>Regions of fewer users are neither compared nor found.</source>
      <translation>Regiões de menos usuários não são comparadas nem encontradas.</translation>
    </message>
    <message>
      <source>Regions or zones (empty: hexagons)</source>
      <translation>Regiões ou zonas (vazio: hexágonos)</translation>
    </message>
    <message>
      <source>Remove</source>
      <translation>Remover</translation>
    </message>
    <message>
      <source>Remove the chosen regions. QGIS's undo brings them back; its editing tools change regions too.</source>
      <translation>Remover as regiões escolhidas. O desfazer do QGIS as traz de volta; suas ferramentas de edição também mudam regiões.</translation>
    </message>
    <message>
      <source>Remove the model</source>
      <translation>Remover o modelo</translation>
    </message>
    <message>
      <source>Remove…</source>
      <translation>Remover…</translation>
    </message>
    <message>
      <source>Removing the model …</source>
      <translation>Removendo o modelo …</translation>
    </message>
    <message>
      <source>Report</source>
      <translation>Relatório</translation>
    </message>
    <message>
      <source>Residents</source>
      <translation>Moradores</translation>
    </message>
    <message>
      <source>Residents, workers, commuters and modes of transport, from the places and trips of visitors. This takes as long as a travel diary of them.</source>
      <translation>Moradores, trabalhadores, pendulares e modos de transporte, dos lugares e viagens dos visitantes. Leva tanto quanto um diário de viagem deles.</translation>
    </message>
    <message>
      <source>Residents, workers, commuters and modes of transport. They take a part of the price, and as long as a travel diary.</source>
      <translation>Moradores, trabalhadores, pendulares e modos de transporte. Ocupam uma parte do preço e levam tanto quanto um diário de viagem.</translation>
    </message>
    <message>
      <source>Resume</source>
      <translation>Retomar</translation>
    </message>
    <message>
      <source>Resume from the last checkpoint</source>
      <translation>Retomar do último ponto salvo</translation>
    </message>
    <message>
      <source>Right and wrong</source>
      <translation>Acertos e erros</translation>
    </message>
    <message>
      <source>Rows of {file} without the {n} columns of its header: {rows:,}.</source>
      <translation>Linhas de {file} sem as {n} colunas do cabeçalho: {rows:,}.</translation>
    </message>
    <message>
      <source>Rows that a person counts in, at most</source>
      <translation>Linhas em que uma pessoa conta, no máximo</translation>
    </message>
    <message>
      <source>Running: {left} of training left, then calibrating and testing</source>
      <translation>Em andamento: restam {left} de treino; depois calibração e teste</translation>
    </message>
    <message>
      <source>STEP ({a:g} min) must be no longer than HORIZON ({b:g} min).</source>
      <translation>STEP ({a:g} min) não pode ser maior que HORIZON ({b:g} min).</translation>
    </message>
    <message>
      <source>STEP ({a:g} min) must be shorter than MAX_GAP ({b:g} min).</source>
      <translation>STEP ({a:g} min) deve ser menor que MAX_GAP ({b:g} min).</translation>
    </message>
    <message>
      <source>Sat</source>
      <translation>Sáb</translation>
    </message>
    <message>
      <source>Save table…</source>
      <translation>Salvar tabela…</translation>
    </message>
    <message>
      <source>Save the page</source>
      <translation>Salvar a página</translation>
    </message>
    <message>
      <source>Save the table</source>
      <translation>Salvar a tabela</translation>
    </message>
    <message>
      <source>Save to</source>
      <translation>Salvar em</translation>
    </message>
    <message>
      <source>Save…</source>
      <translation>Salvar…</translation>
    </message>
    <message>
      <source>Score regions</source>
      <translation>Avaliar regiões</translation>
    </message>
    <message>
      <source>Scoring</source>
      <translation>Avaliando</translation>
    </message>
    <message>
      <source>Scoring {n:,} regions</source>
      <translation>Avaliando {n:,} regiões</translation>
    </message>
    <message>
      <source>Select a track on the map to see whose it is, with labels and usual places.</source>
      <translation>Selecione um trajeto no mapa para ver de quem é, com rótulos e lugares habituais.</translation>
    </message>
    <message>
      <source>Select polygons of a layer on the map first.</source>
      <translation>Selecione antes polígonos de uma camada no mapa.</translation>
    </message>
    <message>
      <source>Selected</source>
      <translation>Seleção</translation>
    </message>
    <message>
      <source>Set the proxy in Settings → Options → Network, or install from a folder of wheels.</source>
      <translation>Defina o proxy em Configurações → Opções → Rede, ou instale de uma pasta de wheels.</translation>
    </message>
    <message>
      <source>Share of commuters</source>
      <translation>Parcela de pendulares</translation>
    </message>
    <message>
      <source>Share of trips: bike</source>
      <translation>Parcela das viagens: bicicleta</translation>
    </message>
    <message>
      <source>Share of trips: motor</source>
      <translation>Parcela das viagens: motorizado</translation>
    </message>
    <message>
      <source>Share of trips: rail</source>
      <translation>Parcela das viagens: trem</translation>
    </message>
    <message>
      <source>Share of trips: walk</source>
      <translation>Parcela das viagens: a pé</translation>
    </message>
    <message>
      <source>Shares are expected values over all visitors who can be judged; of {n:.0f} it is clear whether they commute. A commuter has a place of work or study outside home and is there regularly.</source>
      <translation>As proporções são valores esperados sobre todos os visitantes que podem ser avaliados; de {n:.0f} está claro se são pendulares. Um pendular tem um lugar de trabalho ou estudo fora de casa e está lá regularmente.</translation>
    </message>
    <message>
      <source>Shorter encounters are left out: the two only pass.</source>
      <translation>Encontros mais curtos são omitidos: os dois só passam.</translation>
    </message>
    <message>
      <source>Shorter halts are part of a trip. Ten minutes suit short and long stops.</source>
      <translation>Paradas mais curtas fazem parte de uma viagem. Dez minutos servem bem para paradas curtas e longas.</translation>
    </message>
    <message>
      <source>Similar regions</source>
      <translation>Regiões parecidas</translation>
    </message>
    <message>
      <source>Similar users</source>
      <translation>Usuários parecidos</translation>
    </message>
    <message>
      <source>Size of hexagons</source>
      <translation>Tamanho dos hexágonos</translation>
    </message>
    <message>
      <source>Slices of time</source>
      <translation>Fatias de tempo</translation>
    </message>
    <message>
      <source>Solar time; full colour is {n:,} people; a dot: fewer than {k}; empty: no data of so many.</source>
      <translation>Hora solar; cor cheia são {n:,} pessoas; um ponto: menos de {k}; vazio: sem dados de tantas.</translation>
    </message>
    <message>
      <source>Some figures are of {n} people only and could reveal one of them: do not publish this map.</source>
      <translation>Alguns números são de apenas {n} pessoas e podem revelar uma delas: não publique este mapa.</translation>
    </message>
    <message>
      <source>Some regions have no geometry: remove them before training.</source>
      <translation>Algumas regiões não têm geometria: remova-as antes do treino.</translation>
    </message>
    <message>
      <source>Some units have no label: leave them out.</source>
      <translation>Algumas unidades não têm rótulo: deixe-as de fora.</translation>
    </message>
    <message>
      <source>Something on the way opens the encrypted connection, as virus scanners and firewalls of companies do. Ask for the file of its certificate and start QGIS with PIP_CERT set to it, or install from a folder of wheels.</source>
      <translation>Algo no caminho abre a conexão criptografada, como fazem antivírus e firewalls de empresas. Peça o arquivo do certificado e inicie o QGIS com PIP_CERT apontando para ele, ou instale a partir de uma pasta de wheels.</translation>
    </message>
    <message>
      <source>Starting …</source>
      <translation>Iniciando …</translation>
    </message>
    <message>
      <source>Step</source>
      <translation>Passo</translation>
    </message>
    <message>
      <source>Stop now. The run can be resumed, also after QGIS was closed</source>
      <translation>Parar agora. A execução pode ser retomada, mesmo depois de fechar o QGIS</translation>
    </message>
    <message>
      <source>Stop, and delete the run with its copy of the tracks</source>
      <translation>Parar e excluir a execução com a cópia dos trajetos</translation>
    </message>
    <message>
      <source>Stopped. The training so far is kept in {folder}. Resume or delete it on RAW's page Train a model.</source>
      <translation>Parado. O treino até aqui fica em {folder}. Retome-o ou apague-o na página Treinar um modelo do RAW.</translation>
    </message>
    <message>
      <source>Stopping …</source>
      <translation>Parando …</translation>
    </message>
    <message>
      <source>Stops</source>
      <translation>Paradas</translation>
    </message>
    <message>
      <source>Stops show where people live and work: they are personal data.</source>
      <translation>Paradas mostram onde as pessoas moram e trabalham: são dados pessoais.</translation>
    </message>
    <message>
      <source>Stops: {n:,}, trips: {m:,} ({seen:,} with fixes on the way), users: {k:,}.</source>
      <translation>Paradas: {n:,}, viagens: {m:,} ({seen:,} com posições no caminho), usuários: {k:,}.</translation>
    </message>
    <message>
      <source>Stops: {n:,}, trips: {m:,}.</source>
      <translation>Paradas: {n:,}, viagens: {m:,}.</translation>
    </message>
    <message>
      <source>Sun</source>
      <translation>Dom</translation>
    </message>
    <message>
      <source>Switch the clock off</source>
      <translation>Desligar o relógio</translation>
    </message>
    <message>
      <source>TARGET is empty: give the id of a user.</source>
      <translation>TARGET está vazio: dê o id de um usuário.</translation>
    </message>
    <message>
      <source>TARGET {text} fits {n} regions. Give one id, such as {ids}, or an expression true for one alone.</source>
      <translation>TARGET {text} serve para {n} regiões. Dê um id, como {ids}, ou uma expressão verdadeira só para uma.</translation>
    </message>
    <message>
      <source>Table…</source>
      <translation>Tabela…</translation>
    </message>
    <message>
      <source>Take the polygons that are selected on the map</source>
      <translation>Usar os polígonos selecionados no mapa</translation>
    </message>
    <message>
      <source>Task {name}: </source>
      <translation>Tarefa {name}: </translation>
    </message>
    <message>
      <source>Tasks (empty: all that the model has)</source>
      <translation>Tarefas (vazio: todas as do modelo)</translation>
    </message>
    <message>
      <source>Teach a label</source>
      <translation>Ensinar um rótulo</translation>
    </message>
    <message>
      <source>Teach a label…</source>
      <translation>Ensinar um rótulo…</translation>
    </message>
    <message>
      <source>Teach the model a label of your own from some labelled users, tracks, days or regions.</source>
      <translation>Ensine ao modelo um rótulo seu a partir de alguns usuários, trajetos, dias ou regiões já rotulados.</translation>
    </message>
    <message>
      <source>Ten phones in Aracaju</source>
      <translation>Dez celulares em Aracaju</translation>
    </message>
    <message>
      <source>Ten phones in Aracaju, Brazil, and what to try.</source>
      <translation>Dez celulares em Aracaju, Brasil, e o que experimentar.</translation>
    </message>
    <message>
      <source>Tested on part {fold} of {of}</source>
      <translation>Testado na parte {fold} de {of}</translation>
    </message>
    <message>
      <source>Testing</source>
      <translation>Testando</translation>
    </message>
    <message>
      <source>Testing forecasts</source>
      <translation>Testando previsões</translation>
    </message>
    <message>
      <source>The CRS of the positions cannot be read: {error}</source>
      <translation>O SRC das posições não pode ser lido: {error}</translation>
    </message>
    <message>
      <source>The Python of this QGIS was not found. Looked for {names} in: {folders}.</source>
      <translation>O Python deste QGIS não foi encontrado. Procurou-se {names} em: {folders}.</translation>
    </message>
    <message>
      <source>The Python package {name} is installed but does not work: {error}. Plugins → RAW → Packages shows which packages are broken, and installs them again.</source>
      <translation>O pacote Python {name} está instalado mas não funciona: {error}. Complementos → RAW → Pacotes mostra quais pacotes estão com defeito e os instala de novo.</translation>
    </message>
    <message>
      <source>The areas stay as they were: too few people could be held out to calibrate them again.</source>
      <translation>As áreas ficam como eram: não se pôde deixar de fora gente suficiente para calibrá-las de novo.</translation>
    </message>
    <message>
      <source>The card as a page of HTML</source>
      <translation>A ficha como página HTML</translation>
    </message>
    <message>
      <source>The chosen model has not scored this region yet. If that was cancelled, read the layer again (button at the top).</source>
      <translation>O modelo escolhido ainda não avaliou esta região. Se isso foi cancelado, leia a camada de novo (botão no topo).</translation>
    </message>
    <message>
      <source>The column of time holds {kind}, not times.</source>
      <translation>A coluna de hora contém {kind}, não horas.</translation>
    </message>
    <message>
      <source>The comparison as a page of HTML</source>
      <translation>A comparação como página HTML</translation>
    </message>
    <message>
      <source>The coordinates lie far outside of {area}, for which {crs} is made. Choose the coordinate system that they are in.</source>
      <translation>As coordenadas ficam muito fora de {area}, para onde {crs} foi feito. Escolha o sistema de coordenadas em que elas estão.</translation>
    </message>
    <message>
      <source>The coordinates look like degrees, but {crs} is a projection in metres. Choose the coordinate system that they are in, such as EPSG:4326.</source>
      <translation>As coordenadas parecem graus, mas {crs} é uma projeção em metros. Escolha o sistema de coordenadas em que elas estão, como EPSG:4326.</translation>
    </message>
    <message>
      <source>The corpus has no run of eight fixes at any cadence.</source>
      <translation>Os dados não têm nenhuma sequência de oito posições em qualquer cadência.</translation>
    </message>
    <message>
      <source>The data of {names} are gone: they were temporary, or their GeoPackage is missing. Run them again.</source>
      <translation>Os dados de {names} sumiram: eram temporários, ou falta o GeoPackage. Execute de novo.</translation>
    </message>
    <message>
      <source>The dates in the column '{column}' of {file} may begin with the day or with the month: no number in them decides. Choose the order of dates (DATE_ORDER).</source>
      <translation>As datas na coluna '{column}' de {file} podem começar pelo dia ou pelo mês: nenhum número nelas decide. Escolha a ordem das datas (DATE_ORDER).</translation>
    </message>
    <message>
      <source>The device that does the work. </source>
      <translation>O dispositivo que faz o trabalho. </translation>
    </message>
    <message>
      <source>The dock lists the model {name} now. {verdict}</source>
      <translation>O painel agora lista o modelo {name}. {verdict}</translation>
    </message>
    <message>
      <source>The environment in {folder} could not be made. The log has the reason.</source>
      <translation>O ambiente em {folder} não pôde ser criado. O motivo está no registro.</translation>
    </message>
    <message>
      <source>The environment of RAW's own is not whole, so that pip would install into QGIS itself and want an administrator. Nothing was installed. A virus scanner or a synchronised folder may hold its files back: make an exception, then press Install again.</source>
      <translation>O ambiente próprio do RAW está incompleto; o pip instalaria no próprio QGIS e pediria um administrador. Nada foi instalado. Um antivírus ou uma pasta sincronizada pode reter os arquivos: crie uma exceção e pressione Instalar de novo.</translation>
    </message>
    <message>
      <source>The figures and differences as a table (CSV)</source>
      <translation>Os números e as diferenças como tabela (CSV)</translation>
    </message>
    <message>
      <source>The file or database of this layer is missing. Click its red sign in the list of layers.</source>
      <translation>Falta o arquivo ou o banco de dados desta camada. Clique no sinal vermelho dela na lista de camadas.</translation>
    </message>
    <message>
      <source>The folder {folder} lacks it, or has another version, or one for another system.</source>
      <translation>A pasta {folder} não o tem, ou tem outra versão, ou uma para outro sistema.</translation>
    </message>
    <message>
      <source>The folder {path} holds no .plt, Parquet, CSV, GPX or JSON file.</source>
      <translation>A pasta {path} não contém arquivo .plt, Parquet, CSV, GPX ou JSON.</translation>
    </message>
    <message>
      <source>The folder {path} holds no file that ends in {ends}.</source>
      <translation>A pasta {path} não contém arquivo que termine em {ends}.</translation>
    </message>
    <message>
      <source>The geometry column holds no WKB points, and there are no longitude and latitude columns.</source>
      <translation>A coluna de geometria não contém pontos WKB, e não há colunas de longitude e latitude.</translation>
    </message>
    <message>
      <source>The graphics card or its libraries failed, so the CPU does the work. ONNX Runtime says: {text}</source>
      <translation>A placa gráfica ou suas bibliotecas falharam, então a CPU faz o trabalho. O ONNX Runtime diz: {text}</translation>
    </message>
    <message>
      <source>The head {name} was taught with another backbone. Teach it again.</source>
      <translation>O rótulo {name} foi ensinado com outra rede. Ensine-o de novo.</translation>
    </message>
    <message>
      <source>The installation was cancelled.</source>
      <translation>A instalação foi cancelada.</translation>
    </message>
    <message>
      <source>The label {name}</source>
      <translation>O rótulo {name}</translation>
    </message>
    <message>
      <source>The labels are too few or in too few groups for a cross-validation, so the head could not be evaluated.</source>
      <translation>Os rótulos são poucos ou estão em poucos grupos para uma validação cruzada, então o rótulo não pôde ser avaliado.</translation>
    </message>
    <message>
      <source>The labels have no id of the {unit} (a field called {names}). Choose it under Advanced Parameters as Field with the unit's id.</source>
      <translation>Os rótulos não têm o id de {unit} (um campo chamado {names}). Escolha-o em Parâmetros avançados como o campo com o id da unidade.</translation>
    </message>
    <message>
      <source>The layer has neither points nor lines. Choose a layer of points, or of lines with M values.</source>
      <translation>A camada não tem pontos nem linhas. Escolha uma camada de pontos, ou de linhas com valores M.</translation>
    </message>
    <message>
      <source>The layer is a table without geometry. Import tracks makes a layer of points of its file.</source>
      <translation>A camada é uma tabela sem geometria. Importar trajetos faz uma camada de pontos a partir do arquivo dela.</translation>
    </message>
    <message>
      <source>The layer is a temporary file, which QGIS deletes when it ends. Save it to keep it.</source>
      <translation>A camada é um arquivo temporário, que o QGIS exclui ao fechar. Salve-a para mantê-la.</translation>
    </message>
    <message>
      <source>The layer: errors of every method, with median and 90 % quantile</source>
      <translation>A camada: erros de todos os métodos, com mediana e quantil de 90 %</translation>
    </message>
    <message>
      <source>The learning rate falls over this time. The comparison with the model before takes some minutes more.</source>
      <translation>A taxa de aprendizado cai nesse tempo. A comparação com o modelo anterior leva mais alguns minutos.</translation>
    </message>
    <message>
      <source>The ledger in the profile adds up what publications of the same people have cost.</source>
      <translation>O livro-razão no perfil soma o que custaram as publicações das mesmas pessoas.</translation>
    </message>
    <message>
      <source>The map shows the time of the forecast alone, in UTC: labels of other times are hidden.</source>
      <translation>O mapa mostra só o tempo da previsão, em UTC: rótulos de outros tempos estão ocultos.</translation>
    </message>
    <message>
      <source>The map's clock was switched off: it hid all of {layer}.</source>
      <translation>O relógio do mapa foi desligado: ele ocultava toda a camada {layer}.</translation>
    </message>
    <message>
      <source>The mean error is judged, at moments all along the tracks. A forecast begins at the last fix, where people are often at home: it can be much nearer.</source>
      <translation>Julga-se o erro médio, em momentos ao longo dos trajetos. Uma previsão começa na última posição, onde as pessoas muitas vezes estão em casa: pode ficar bem mais perto.</translation>
    </message>
    <message>
      <source>The mean error is judged. {share:.0%} of the queries are like those that the model was trained for (time between fixes, speed, length of the record, horizon). Do not rely on the other forecasts.</source>
      <translation>Julga-se o erro médio. {share:.0%} das consultas são como aquelas para as quais o modelo foi treinado (tempo entre posições, velocidade, duração do registro, horizonte). Não confie nas outras previsões.</translation>
    </message>
    <message>
      <source>The minimum of users per region must be at least 1.</source>
      <translation>O mínimo de usuários por região deve ser ao menos 1.</translation>
    </message>
    <message>
      <source>The model at {place} cannot be read: {error}.</source>
      <translation>O modelo em {place} não pode ser lido: {error}.</translation>
    </message>
    <message>
      <source>The model has no head called '{name}'. Its heads: {known}.</source>
      <translation>O modelo não tem o rótulo '{name}'. Seus rótulos: {known}.</translation>
    </message>
    <message>
      <source>The model has {key} {theirs}; RAW reads {ours}. Export the model again with this RAW.</source>
      <translation>O modelo tem {key} {theirs}; o RAW lê {ours}. Exporte o modelo de novo com este RAW.</translation>
    </message>
    <message>
      <source>The model has {key} {theirs}; RAW reads {ours}. Update RAW.</source>
      <translation>O modelo tem {key} {theirs}; o RAW lê {ours}. Atualize o RAW.</translation>
    </message>
    <message>
      <source>The model holds the head {name}, which its card does not name.</source>
      <translation>O modelo contém o rótulo {name}, que a ficha dele não cita.</translation>
    </message>
    <message>
      <source>The model in {folder} has no {name}: it is incomplete.</source>
      <translation>O modelo em {folder} não tem {name}: está incompleto.</translation>
    </message>
    <message>
      <source>The model in {folder} holds {name}, which no model has.</source>
      <translation>O modelo em {folder} contém {name}, que nenhum modelo tem.</translation>
    </message>
    <message>
      <source>The model is now among your models as '{name}', and used in this project.</source>
      <translation>O modelo está agora entre os seus modelos como '{name}' e é usado neste projeto.</translation>
    </message>
    <message>
      <source>The model is {name}, the device {provider}.</source>
      <translation>O modelo é {name}, o dispositivo {provider}.</translation>
    </message>
    <message>
      <source>The model learns a label of your own from ten examples or more.</source>
      <translation>O modelo aprende um rótulo seu a partir de dez exemplos ou mais.</translation>
    </message>
    <message>
      <source>The model learns how people move in your tracks. No labels.</source>
      <translation>O modelo aprende como as pessoas se movem nos seus trajetos. Sem rótulos.</translation>
    </message>
    <message>
      <source>The model makes {times:.2f} times the simple method's error (95 % interval {low:.2f} to {most}; {units:,} units in {groups:,} groups, drawn whole).</source>
      <translation>O modelo comete {times:.2f} vezes o erro do método simples (intervalo de 95 %: {low:.2f} a {most}; {units:,} unidades em {groups:,} grupos, sorteados inteiros).</translation>
    </message>
    <message>
      <source>The model of RAW and your own: cards and import.</source>
      <translation>O modelo do RAW e os seus: fichas e importação.</translation>
    </message>
    <message>
      <source>The model reads the users</source>
      <translation>O modelo está lendo os usuários</translation>
    </message>
    <message>
      <source>The model {name} is not the one that comes with RAW: where it was trained on these tracks or people, they make it look better than it is. Test it on tracks that it has never seen.</source>
      <translation>O modelo {name} não é o que vem com o RAW: se foi treinado com estes trajetos ou pessoas, eles o fazem parecer melhor do que é. Teste-o em trajetos que ele nunca viu.</translation>
    </message>
    <message>
      <source>The model's answers are useless: numbers that are not finite. Use another model.</source>
      <translation>As respostas do modelo são inúteis: números que não são finitos. Use outro modelo.</translation>
    </message>
    <message>
      <source>The model's card names the head {name}, which is missing or too large.</source>
      <translation>A ficha do modelo cita o rótulo {name}, que falta ou é grande demais.</translation>
    </message>
    <message>
      <source>The network of the model {model} has other sizes than those that this version of RAW knows ({known}).</source>
      <translation>A rede do modelo {model} tem tamanhos diferentes dos que esta versão do RAW conhece ({known}).</translation>
    </message>
    <message>
      <source>The network starts from random weights.</source>
      <translation>A rede começa com pesos aleatórios.</translation>
    </message>
    <message>
      <source>The new model has no labels ({names}), since embeddings have changed. Teach your own again.</source>
      <translation>O modelo novo não tem rótulos ({names}), pois os vetores mudaram. Ensine os seus de novo.</translation>
    </message>
    <message>
      <source>The number of parts of time. Each part gives about the same number of cases.</source>
      <translation>O número de partes do período. Cada parte fornece mais ou menos o mesmo número de casos.</translation>
    </message>
    <message>
      <source>The number of rows of the result.</source>
      <translation>O número de linhas do resultado.</translation>
    </message>
    <message>
      <source>The packages and devices that RAW uses, their installation, and a report to copy.</source>
      <translation>Os pacotes e dispositivos que o RAW usa, sua instalação, e um relatório para copiar.</translation>
    </message>
    <message>
      <source>The people who move most like one of them, with the reasons in words.</source>
      <translation>As pessoas que se movem de forma mais parecida com uma delas, com os motivos em palavras.</translation>
    </message>
    <message>
      <source>The person or vehicle that moved. Without this field, or with the word none, all fixes are one user's.</source>
      <translation>A pessoa ou o veículo que se moveu. Sem este campo, ou com a palavra none, todas as posições são de um só usuário.</translation>
    </message>
    <message>
      <source>The places that are used most like one of them, by the people who cross them; the reasons in words.</source>
      <translation>Os lugares usados de forma mais parecida com um deles pelas pessoas que passam por ali, com os motivos em palavras.</translation>
    </message>
    <message>
      <source>The project is not in a folder: save it as a file.</source>
      <translation>O projeto não está numa pasta: salve-o como arquivo.</translation>
    </message>
    <message>
      <source>The region lies outside what the map's CRS can express. Draw it elsewhere.</source>
      <translation>A região está fora da área que o SRC do mapa consegue representar. Desenhe-a em outro lugar.</translation>
    </message>
    <message>
      <source>The region to compare with</source>
      <translation>A região de referência</translation>
    </message>
    <message>
      <source>The regions have no field '{field}'. They have: {known}.</source>
      <translation>As regiões não têm o campo '{field}'. Elas têm: {known}.</translation>
    </message>
    <message>
      <source>The regions' ids are from the field {name}.</source>
      <translation>Os ids das regiões vêm do campo {name}.</translation>
    </message>
    <message>
      <source>The report is on the clipboard.</source>
      <translation>O relatório está na área de transferência.</translation>
    </message>
    <message>
      <source>The simple method is {}.</source>
      <translation>O método simples é {}.</translation>
    </message>
    <message>
      <source>The style of {layer} failed: {error}</source>
      <translation>O estilo de {layer} falhou: {error}</translation>
    </message>
    <message>
      <source>The target region has fewer than {n} users, or one of them has most of its fixes. Choose a larger one.</source>
      <translation>A região alvo tem menos de {n} usuários, ou um deles tem a maioria das posições. Escolha uma maior.</translation>
    </message>
    <message>
      <source>The times are not a column of one kind: {error}</source>
      <translation>As horas não são uma coluna de um só tipo: {error}</translation>
    </message>
    <message>
      <source>The times are numbers from {low:,.0f} to {high:,.0f}, which may be days (as in Excel) or seconds. Write them as 2024-07-01 08:30:00, or as seconds since 1970.</source>
      <translation>Os horários são números de {low:,.0f} a {high:,.0f}, que podem ser dias (como no Excel) ou segundos. Escreva-os como 2024-07-01 08:30:00 ou como segundos desde 1970.</translation>
    </message>
    <message>
      <source>The training ended without a message, as when memory runs out or power fails. The log is in {folder}.</source>
      <translation>O treino terminou sem mensagem, como quando falta memória ou energia. O registro está em {folder}.</translation>
    </message>
    <message>
      <source>The training failed: {line}. The log is in {folder}.</source>
      <translation>O treino falhou: {line}. O registro está em {folder}.</translation>
    </message>
    <message>
      <source>The training was stopped.</source>
      <translation>O treino foi interrompido.</translation>
    </message>
    <message>
      <source>The user to compare with</source>
      <translation>O usuário de referência</translation>
    </message>
    <message>
      <source>The user's id, as in the user field.</source>
      <translation>O id do usuário, como no campo do usuário.</translation>
    </message>
    <message>
      <source>The {role} column holds {kind}, not ids.</source>
      <translation>A coluna de {role} contém {kind}, não ids.</translation>
    </message>
    <message>
      <source>There is no file '{path}'.</source>
      <translation>Não há o arquivo '{path}'.</translation>
    </message>
    <message>
      <source>There is no file or folder '{path}'.</source>
      <translation>Não há arquivo nem pasta '{path}'.</translation>
    </message>
    <message>
      <source>There is no folder {path} for {name}. Make it or choose another.</source>
      <translation>Não há a pasta {path} para {name}. Crie-a ou escolha outra.</translation>
    </message>
    <message>
      <source>There is no format '{kind}'. Choose one of: {known}.</source>
      <translation>Não há o formato '{kind}'. Escolha um de: {known}.</translation>
    </message>
    <message>
      <source>There is no label '{name}' for a {unit}. There are: {known}.</source>
      <translation>Não há o rótulo '{name}' para {unit}. Há: {known}.</translation>
    </message>
    <message>
      <source>There is no mode '{name}'. There are: {all}.</source>
      <translation>Não há o modo '{name}'. Há: {all}.</translation>
    </message>
    <message>
      <source>There is no model at {place}. Choose the folder or .zip of a model.</source>
      <translation>Não há modelo em {place}. Escolha a pasta ou o .zip de um modelo.</translation>
    </message>
    <message>
      <source>There is no track of two fixes to forecast.</source>
      <translation>Não há trajeto com duas posições para prever.</translation>
    </message>
    <message>
      <source>There is no unit '{unit}'. Choose one of: {known}.</source>
      <translation>Não há a unidade '{unit}'. Escolha uma de: {known}.</translation>
    </message>
    <message>
      <source>There is no usable fix in {file}, read as {found}. {skipped} {advice}</source>
      <translation>Não há posição utilizável em {file}, lido como {found}. {skipped} {advice}</translation>
    </message>
    <message>
      <source>There is no user '{name}' with two usable fixes.</source>
      <translation>Não há usuário '{name}' com duas posições utilizáveis.</translation>
    </message>
    <message>
      <source>There is no user '{name}' with two usable fixes. The ids are: {known}.</source>
      <translation>Não há usuário '{name}' com duas posições utilizáveis. Os ids são: {known}.</translation>
    </message>
    <message>
      <source>There is no wheel (*.whl) in {folder}. Choose their folder.</source>
      <translation>Não há wheel (*.whl) em {folder}. Escolha a pasta deles.</translation>
    </message>
    <message>
      <source>There is no {role} column '{name}'. The columns are: {known}.</source>
      <translation>Não há a coluna de {role} '{name}'. As colunas são: {known}.</translation>
    </message>
    <message>
      <source>There is nothing to test on.</source>
      <translation>Não há nada para testar.</translation>
    </message>
    <message>
      <source>These results are not saved with the project, and stay temporary. {why}</source>
      <translation>Estes resultados não são salvos com o projeto e continuam temporários. {why}</translation>
    </message>
    <message>
      <source>They are of {n} people or places alone: label more before you rely on it.</source>
      <translation>Eles são de {n} pessoas ou lugares apenas: rotule mais antes de confiar nele.</translation>
    </message>
    <message>
      <source>This ONNX Runtime has no CUDA support, so the CPU does the work. Install onnxruntime-gpu instead.</source>
      <translation>Este ONNX Runtime não tem suporte a CUDA, então a CPU faz o trabalho. Instale onnxruntime-gpu no lugar dele.</translation>
    </message>
    <message>
      <source>This Python has neither ensurepip nor pip. Install one of them (on Debian and Ubuntu: sudo apt install python3-venv), then press Install again.</source>
      <translation>Este Python não tem ensurepip nem pip. Instale um deles (no Debian e no Ubuntu: sudo apt install python3-venv) e pressione Instalar de novo.</translation>
    </message>
    <message>
      <source>This cannot be read: the row is skipped.</source>
      <translation>Não é possível ler isto: a linha é ignorada.</translation>
    </message>
    <message>
      <source>This model was refused: {why}</source>
      <translation>Este modelo foi recusado: {why}</translation>
    </message>
    <message>
      <source>This page is about one person: keep it as you keep the tracks, and do not publish it.</source>
      <translation>Esta página é sobre uma pessoa: guarde-a com o mesmo cuidado que os trajetos e não a publique.</translation>
    </message>
    <message>
      <source>This publication costs a ρ of {rho:g}: an ε of {epsilon:.1f} for each person, with a δ of one in a million. Somebody who knows everybody else guesses right whether a person is in it in {bound:.0%} of cases at most (a coin: 50 %).</source>
      <translation>Esta publicação custa um ρ de {rho:g}: um ε de {epsilon:.1f} para cada pessoa, com um δ de um em um milhão. Quem conhece todos os outros acerta se uma pessoa está nela em no máximo {bound:.0%} dos casos (uma moeda: 50 %).</translation>
    </message>
    <message>
      <source>Those labels are 'unknown', and in_domain is false.</source>
      <translation>Esses rótulos são 'unknown', e in_domain é false.</translation>
    </message>
    <message>
      <source>Thu</source>
      <translation>Qui</translation>
    </message>
    <message>
      <source>Tiles of an XYZ connection of QGIS, below the layers. You are asked before the first request.</source>
      <translation>Blocos de uma conexão XYZ do QGIS, abaixo das camadas. Você é consultado antes do primeiro pedido.</translation>
    </message>
    <message>
      <source>Time</source>
      <translation>Hora</translation>
    </message>
    <message>
      <source>Time column (empty: guessed)</source>
      <translation>Coluna de hora (vazio: detectar)</translation>
    </message>
    <message>
      <source>Time field (empty: guessed)</source>
      <translation>Campo de hora (vazio: detectar)</translation>
    </message>
    <message>
      <source>Time from one forecast to the next. There is always one at the horizon itself.</source>
      <translation>Tempo de uma previsão à seguinte. Há sempre uma no próprio horizonte.</translation>
    </message>
    <message>
      <source>Time from one position in a gap to the next.</source>
      <translation>Tempo de uma posição numa lacuna à seguinte.</translation>
    </message>
    <message>
      <source>Time shown: {first} to {last} UTC.</source>
      <translation>Horário mostrado: {first} a {last} UTC.</translation>
    </message>
    <message>
      <source>Time zone</source>
      <translation>Fuso horário</translation>
    </message>
    <message>
      <source>Time zone of times without one (empty: the layer's own, else UTC)</source>
      <translation>Fuso horário de tempos sem fuso (vazio: o da camada, senão UTC)</translation>
    </message>
    <message>
      <source>Time, UTC</source>
      <translation>Hora, UTC</translation>
    </message>
    <message>
      <source>Times without a zone are read as UTC: if they are local, choose their zone.</source>
      <translation>Horários sem fuso são lidos como UTC: se forem locais, escolha o fuso deles.</translation>
    </message>
    <message>
      <source>To review doubtful trips, sort their table by mode_p and correct the mode.</source>
      <translation>Para revisar viagens duvidosas, ordene a tabela delas por mode_p e corrija o modo.</translation>
    </message>
    <message>
      <source>Track</source>
      <translation>Trajeto</translation>
    </message>
    <message>
      <source>Track column (empty: guessed)</source>
      <translation>Coluna de trajeto (vazio: detectar)</translation>
    </message>
    <message>
      <source>Track field (empty: guessed)</source>
      <translation>Campo de trajeto (vazio: detectar)</translation>
    </message>
    <message>
      <source>Tracks</source>
      <translation>Trajetos</translation>
    </message>
    <message>
      <source>Tracks of ten phones</source>
      <translation>Trajetos de dez celulares</translation>
    </message>
    <message>
      <source>Train a model</source>
      <translation>Treinar um modelo</translation>
    </message>
    <message>
      <source>Train a model…</source>
      <translation>Treinar um modelo…</translation>
    </message>
    <message>
      <source>Training</source>
      <translation>Treino</translation>
    </message>
    <message>
      <source>Training of {when} UTC</source>
      <translation>Treino de {when} UTC</translation>
    </message>
    <message>
      <source>Training: {left} left</source>
      <translation>Treino: faltam {left}</translation>
    </message>
    <message>
      <source>Transport mode</source>
      <translation>Modo de transporte</translation>
    </message>
    <message>
      <source>Tries everything again and copies a report, to send it. It holds no data of yours.</source>
      <translation>Testa tudo de novo e copia um relatório para enviar. Não contém dados seus.</translation>
    </message>
    <message>
      <source>Trip, journey or segment. Without it, or with the word none, a user is one track.</source>
      <translation>Viagem, percurso ou trecho. Sem ele, ou com a palavra none, um usuário é um trajeto.</translation>
    </message>
    <message>
      <source>Trips</source>
      <translation>Viagens</translation>
    </message>
    <message>
      <source>Trips a day</source>
      <translation>Viagens por dia</translation>
    </message>
    <message>
      <source>Trips between regions</source>
      <translation>Viagens entre regiões</translation>
    </message>
    <message>
      <source>Trips by rail</source>
      <translation>Viagens de trem</translation>
    </message>
    <message>
      <source>Trips by rail a week</source>
      <translation>Viagens de trem por semana</translation>
    </message>
    <message>
      <source>Trips from stop to stop, by the regions at their ends. A dash: none, or of fewer than {n} people; draw larger regions, or lower the minimum of people.</source>
      <translation>Viagens de parada a parada, pelas regiões em seus extremos. Um traço: nenhuma, ou de menos de {n} pessoas; desenhe regiões maiores ou reduza o mínimo de pessoas.</translation>
    </message>
    <message>
      <source>Trips that move</source>
      <translation>Viagens em movimento</translation>
    </message>
    <message>
      <source>Trips with times, for kepler.gl or deck.gl</source>
      <translation>Viagens com tempos, para kepler.gl ou deck.gl</translation>
    </message>
    <message>
      <source>Trips within: {n}</source>
      <translation>Viagens internas: {n}</translation>
    </message>
    <message>
      <source>Trips: {n:,}. Not counted: {a:,} that begin or end where nothing is recorded, {b:,} with an end in no zone.</source>
      <translation>Viagens: {n:,}. Não contadas: {a:,} que começam ou terminam onde nada é registrado, {b:,} com um extremo fora das zonas.</translation>
    </message>
    <message>
      <source>Trips: {n}</source>
      <translation>Viagens: {n}</translation>
    </message>
    <message>
      <source>Tue</source>
      <translation>Ter</translation>
    </message>
    <message>
      <source>Two users within this distance are near each other.</source>
      <translation>Dois usuários a até esta distância um do outro estão próximos.</translation>
    </message>
    <message>
      <source>Two words are a yes or no, more words are classes, numbers are learned as numbers.</source>
      <translation>Duas palavras formam uma pergunta de sim ou não, mais palavras formam classes, e números são aprendidos como números.</translation>
    </message>
    <message>
      <source>Unit of the labels</source>
      <translation>Unidade dos rótulos</translation>
    </message>
    <message>
      <source>Units of one person (regions: of one block) are never in both training and test.</source>
      <translation>Unidades de uma pessoa (regiões: de um quarteirão) nunca estão no treino e no teste ao mesmo tempo.</translation>
    </message>
    <message>
      <source>Unknown time zone '{name}'. Use an IANA name such as UTC, Europe/Berlin or America/Maceio.</source>
      <translation>Fuso horário desconhecido: '{name}'. Use um nome IANA como UTC, Europe/Berlin ou America/Maceio.</translation>
    </message>
    <message>
      <source>Unknown: fewer than {n} people with such a label.</source>
      <translation>Desconhecido: menos de {n} pessoas com esse rótulo.</translation>
    </message>
    <message>
      <source>Unknown: not sure</source>
      <translation>Desconhecido: incerto</translation>
    </message>
    <message>
      <source>Unknown: too few fixes on the way</source>
      <translation>Desconhecido: poucas posições no caminho</translation>
    </message>
    <message>
      <source>Unknown: too little on record, or a vehicle</source>
      <translation>Desconhecido: registro insuficiente, ou um veículo</translation>
    </message>
    <message>
      <source>Unknown: {reasons}.</source>
      <translation>Desconhecido: {reasons}.</translation>
    </message>
    <message>
      <source>Unlike the training data</source>
      <translation>Diferente dos dados de treino</translation>
    </message>
    <message>
      <source>Use as default</source>
      <translation>Usar como padrão</translation>
    </message>
    <message>
      <source>Use it: it forecasts better than the model before.</source>
      <translation>Use-o: ele prevê melhor que o modelo anterior.</translation>
    </message>
    <message>
      <source>Use this model</source>
      <translation>Usar este modelo</translation>
    </message>
    <message>
      <source>Used without zones.</source>
      <translation>Usado sem zonas.</translation>
    </message>
    <message>
      <source>User</source>
      <translation>Usuário</translation>
    </message>
    <message>
      <source>User column (empty: guessed)</source>
      <translation>Coluna de usuário (vazio: detectar)</translation>
    </message>
    <message>
      <source>User field (empty: guessed)</source>
      <translation>Campo de usuário (vazio: detectar)</translation>
    </message>
    <message>
      <source>User {name}</source>
      <translation>Usuário {name}</translation>
    </message>
    <message>
      <source>Users</source>
      <translation>Usuários</translation>
    </message>
    <message>
      <source>Users can be looked at when the model has read them.</source>
      <translation>Os usuários podem ser vistos depois que o modelo os ler.</translation>
    </message>
    <message>
      <source>Users: {n}</source>
      <translation>Usuários: {n}</translation>
    </message>
    <message>
      <source>Usual places</source>
      <translation>Lugares habituais</translation>
    </message>
    <message>
      <source>Visits</source>
      <translation>Visitas</translation>
    </message>
    <message>
      <source>Wed</source>
      <translation>Qua</translation>
    </message>
    <message>
      <source>What RAW does and how.</source>
      <translation>O que o RAW faz e como.</translation>
    </message>
    <message>
      <source>What a row of the labels describes.</source>
      <translation>O que uma linha dos rótulos descreve.</translation>
    </message>
    <message>
      <source>What the colours of the labelled layer show</source>
      <translation>O que as cores da camada rotulada mostram</translation>
    </message>
    <message>
      <source>What the model was trained on, how good it is, and your own models</source>
      <translation>Com que o modelo foi treinado, quão bom ele é, e os seus próprios modelos</translation>
    </message>
    <message>
      <source>What to publish</source>
      <translation>O que publicar</translation>
    </message>
    <message>
      <source>What to use</source>
      <translation>O que usar</translation>
    </message>
    <message>
      <source>What to use, one sentence per horizon</source>
      <translation>O que usar, uma frase por horizonte</translation>
    </message>
    <message>
      <source>Where it holds</source>
      <translation>Onde vale</translation>
    </message>
    <message>
      <source>Where no other model is chosen</source>
      <translation>Quando nenhum outro modelo é escolhido</translation>
    </message>
    <message>
      <source>Where people are likely to be after their last fix, with areas that hold them in 50 and 80 % of cases.</source>
      <translation>Onde as pessoas provavelmente estarão após a última posição, com áreas que as contêm em 50 e 80 % dos casos.</translation>
    </message>
    <message>
      <source>Where people stopped and how long, and their trips in between with the mode of transport.</source>
      <translation>Onde as pessoas pararam e por quanto tempo, e as viagens entre as paradas com o modo de transporte.</translation>
    </message>
    <message>
      <source>Where people were between two fixes, with areas that hold them in 50 and 80 % of cases.</source>
      <translation>Onde as pessoas estiveram entre duas posições, com áreas que as contêm em 50 e 80 % dos casos.</translation>
    </message>
    <message>
      <source>Whether the label is worth using</source>
      <translation>Se o rótulo vale a pena</translation>
    </message>
    <message>
      <source>Whether to use the new model</source>
      <translation>Se vale a pena usar o novo modelo</translation>
    </message>
    <message>
      <source>Windows lacks the Microsoft Visual C++ runtime, or has an old one. Install the latest 'Visual C++ Redistributable' for x64 from Microsoft, then start QGIS anew.</source>
      <translation>O Windows não tem o runtime do Microsoft Visual C++, ou tem um antigo. Instale o 'Visual C++ Redistributable' x64 mais recente da Microsoft e inicie o QGIS novamente.</translation>
    </message>
    <message>
      <source>With fewer labels</source>
      <translation>Com menos rótulos</translation>
    </message>
    <message>
      <source>With the method 'simple' Forecast uses the best simple method of each horizon.</source>
      <translation>Com o método 'simples', a previsão usa o melhor método simples de cada horizonte.</translation>
    </message>
    <message>
      <source>With too few fixes on the way to know the mode: {n:,}.</source>
      <translation>Com poucas posições no caminho para saber o modo: {n:,}.</translation>
    </message>
    <message>
      <source>Withheld to protect people</source>
      <translation>Omitido para proteger pessoas</translation>
    </message>
    <message>
      <source>Work</source>
      <translation>Trabalho</translation>
    </message>
    <message>
      <source>Workers</source>
      <translation>Trabalhadores</translation>
    </message>
    <message>
      <source>Worth using</source>
      <translation>Vale a pena usar</translation>
    </message>
    <message>
      <source>Would such forecasts have been right?</source>
      <translation>Essas previsões teriam acertado?</translation>
    </message>
    <message>
      <source>Write a travel diary</source>
      <translation>Escrever um diário de viagens</translation>
    </message>
    <message>
      <source>Write times as 2024-07-01 08:30:00, with a zone or in that of TIMEZONE, or as seconds since 1970. If the date is in another field, make one field of both.</source>
      <translation>Escreva as horas como 2024-07-01 08:30:00, com fuso ou no de TIMEZONE, ou como segundos desde 1970. Se a data está em outro campo, junte os dois em um só.</translation>
    </message>
    <message>
      <source>Writing</source>
      <translation>Gravando</translation>
    </message>
    <message>
      <source>Writing the diary</source>
      <translation>Escrevendo o diário</translation>
    </message>
    <message>
      <source>Writing the report</source>
      <translation>Escrevendo o relatório</translation>
    </message>
    <message>
      <source>Written: {path}</source>
      <translation>Gravado: {path}</translation>
    </message>
    <message>
      <source>Zone (circles: at all times)</source>
      <translation>Zona (círculos: todo o período)</translation>
    </message>
    <message>
      <source>Zones</source>
      <translation>Zonas</translation>
    </message>
    <message>
      <source>Zones (empty: hexagons)</source>
      <translation>Zonas (vazio: hexágonos)</translation>
    </message>
    <message>
      <source>Zoom to a track, dim the others, and set the map's clock to its time</source>
      <translation>Ir até um trajeto, esmaecer os outros e ajustar o relógio do mapa à hora dele</translation>
    </message>
    <message>
      <source>[{:,.0f}] visitors</source>
      <translation>[{:,.0f}] visitantes</translation>
    </message>
    <message>
      <source>[{:.0%}] of the time is at night (22–7 h)</source>
      <translation>[{:.0%}] do tempo é à noite (22–7 h)</translation>
    </message>
    <message>
      <source>[{:.0%}] of the time is on weekends</source>
      <translation>[{:.0%}] do tempo é em fins de semana</translation>
    </message>
    <message>
      <source>[{:.0%}] of the time is spent passing through</source>
      <translation>[{:.0%}] do tempo é de passagem</translation>
    </message>
    <message>
      <source>[{:.0%}] of the time within 300 m of one place</source>
      <translation>[{:.0%}] do tempo a menos de 300 m de um lugar</translation>
    </message>
    <message>
      <source>[{:.0%}] of the way on weekends</source>
      <translation>[{:.0%}] do caminho em fins de semana</translation>
    </message>
    <message>
      <source>[{:.1f}] trips a day</source>
      <translation>[{:.1f}] viagens por dia</translation>
    </message>
    <message>
      <source>a temporary layer, which ends with QGIS</source>
      <translation>uma camada temporária, que some ao fechar o QGIS</translation>
    </message>
    <message>
      <source>a user's name, or select a track on the map</source>
      <translation>o nome de um usuário, ou selecione um trajeto no mapa</translation>
    </message>
    <message>
      <source>a week</source>
      <translation>por semana</translation>
    </message>
    <message>
      <source>about {n:.1f} h</source>
      <translation>cerca de {n:.1f} h</translation>
    </message>
    <message>
      <source>about {n} min</source>
      <translation>cerca de {n} min</translation>
    </message>
    <message>
      <source>about {n} s</source>
      <translation>cerca de {n} s</translation>
    </message>
    <message>
      <source>accuracy</source>
      <translation>precisão</translation>
    </message>
    <message>
      <source>alike as a whole; no single measured habit stands out</source>
      <translation>parecidos no conjunto; nenhum hábito medido se destaca</translation>
    </message>
    <message>
      <source>all alike</source>
      <translation>todos por igual</translation>
    </message>
    <message>
      <source>at home on {k} of {of} nights with fixes</source>
      <translation>em casa em {k} de {of} noites com posições</translation>
    </message>
    <message>
      <source>at the time of another fix of the same track</source>
      <translation>na hora de outra posição do mesmo trajeto</translation>
    </message>
    <message>
      <source>at the time of another fix of the same user</source>
      <translation>na hora de outra posição do mesmo usuário</translation>
    </message>
    <message>
      <source>at work on {k} of {of} weekdays with fixes</source>
      <translation>no trabalho em {k} de {of} dias úteis com posições</translation>
    </message>
    <message>
      <source>auto uses the graphics card if it can. The log names the device.</source>
      <translation>auto usa a placa gráfica se puder. O registro nomeia o dispositivo.</translation>
    </message>
    <message>
      <source>auto: recognised from the files.</source>
      <translation>auto: reconhecido pelos arquivos.</translation>
    </message>
    <message>
      <source>auto: recognised where a day over 12 shows it. Where none does, the algorithm asks for it.</source>
      <translation>auto: detectado quando algum dia acima de 12 o revela. Se nenhum revela, o algoritmo pergunta.</translation>
    </message>
    <message>
      <source>bike</source>
      <translation>bicicleta</translation>
    </message>
    <message>
      <source>both {form} at {spans} h</source>
      <translation>ambos: {form} às {spans} h</translation>
    </message>
    <message>
      <source>both {words}</source>
      <translation>ambos: {words}</translation>
    </message>
    <message>
      <source>both: {words}</source>
      <translation>ambos: {words}</translation>
    </message>
    <message>
      <source>busiest</source>
      <translation>mais movimentadas</translation>
    </message>
    <message>
      <source>constant velocity, last 3 steps</source>
      <translation>velocidade constante, últimos 3 passos</translation>
    </message>
    <message>
      <source>constant velocity, last step</source>
      <translation>velocidade constante, último passo</translation>
    </message>
    <message>
      <source>date</source>
      <translation>data</translation>
    </message>
    <message>
      <source>day</source>
      <translation>dia</translation>
    </message>
    <message>
      <source>day first: 31/12/2024</source>
      <translation>dia primeiro: 31/12/2024</translation>
    </message>
    <message>
      <source>days</source>
      <translation>dias</translation>
    </message>
    <message>
      <source>different</source>
      <translation>diferente</translation>
    </message>
    <message>
      <source>elsewhere</source>
      <translation>outros lugares</translation>
    </message>
    <message>
      <source>empty: from PyPI; or a folder of wheels, without a network</source>
      <translation>vazio: do PyPI; ou uma pasta de wheels, sem rede</translation>
    </message>
    <message>
      <source>every day</source>
      <translation>cada dia</translation>
    </message>
    <message>
      <source>every track</source>
      <translation>cada trajeto</translation>
    </message>
    <message>
      <source>every user</source>
      <translation>cada usuário</translation>
    </message>
    <message>
      <source>fewer than two fixes</source>
      <translation>menos de duas posições</translation>
    </message>
    <message>
      <source>fewer than {n} people</source>
      <translation>menos de {n} pessoas</translation>
    </message>
    <message>
      <source>fewer than {n} trips of a known mode</source>
      <translation>menos de {n} viagens de modo conhecido</translation>
    </message>
    <message>
      <source>fixes mostly of one person</source>
      <translation>posições sobretudo de uma pessoa</translation>
    </message>
    <message>
      <source>fixes on fewer than {n} days</source>
      <translation>posições em menos de {n} dias</translation>
    </message>
    <message>
      <source>fixes on too few days</source>
      <translation>posições em poucos dias</translation>
    </message>
    <message>
      <source>fixes too close or too far apart in time</source>
      <translation>posições próximas ou distantes demais no tempo</translation>
    </message>
    <message>
      <source>forecasts</source>
      <translation>previsões</translation>
    </message>
    <message>
      <source>forecasts | people | windows | best simple method | before ({name}) | after | after / before</source>
      <translation>previsões | pessoas | janelas | melhor método simples | antes ({name}) | depois | depois / antes</translation>
    </message>
    <message>
      <source>from {region}</source>
      <translation>de {region}</translation>
    </message>
    <message>
      <source>geometry</source>
      <translation>geometria</translation>
    </message>
    <message>
      <source>gradient boosting on the features that need no network (speeds, turns, stops, hours, places, trips)</source>
      <translation>gradient boosting com as características que não exigem rede (velocidades, curvas, paradas, horas, lugares, viagens)</translation>
    </message>
    <message>
      <source>gradient boosting on the numbers of users and fixes and the area</source>
      <translation>gradient boosting com os números de usuários e posições e a área</translation>
    </message>
    <message>
      <source>horizon | answers | users | model, mean (m) | median (m) | best simple method | mean (m) | staying (m) | ratio [95 %] | in 50, 80 % area</source>
      <translation>horizonte | respostas | usuários | modelo, média (m) | mediana (m) | melhor método simples | média (m) | ficar parado (m) | razão [95 %] | na área de 50, 80 %</translation>
    </message>
    <message>
      <source>impossible jump</source>
      <translation>salto impossível</translation>
    </message>
    <message>
      <source>in another layer of the file</source>
      <translation>em outra camada do arquivo</translation>
    </message>
    <message>
      <source>inside a quote that an earlier row opens</source>
      <translation>dentro de aspas abertas por uma linha anterior</translation>
    </message>
    <message>
      <source>labels</source>
      <translation>rótulos</translation>
    </message>
    <message>
      <source>labels of your own</source>
      <translation>rótulos próprios</translation>
    </message>
    <message>
      <source>less than {n:g} hours on record</source>
      <translation>menos de {n:g} horas registradas</translation>
    </message>
    <message>
      <source>mean absolute error</source>
      <translation>erro absoluto médio</translation>
    </message>
    <message>
      <source>mean speed on the way [{:.0f} km/h]</source>
      <translation>velocidade média no caminho [{:.0f} km/h]</translation>
    </message>
    <message>
      <source>median recorded time of a visitor [{:.1f} h]</source>
      <translation>tempo registrado mediano de um visitante [{:.1f} h]</translation>
    </message>
    <message>
      <source>median trip [{:.1f} km]</source>
      <translation>viagem mediana [{:.1f} km]</translation>
    </message>
    <message>
      <source>mode unknown</source>
      <translation>modo desconhecido</translation>
    </message>
    <message>
      <source>model</source>
      <translation>modelo</translation>
    </message>
    <message>
      <source>model | simple method</source>
      <translation>modelo | método simples</translation>
    </message>
    <message>
      <source>month first: 12/31/2024</source>
      <translation>mês primeiro: 12/31/2024</translation>
    </message>
    <message>
      <source>most ids are seen within a day: if devices change their ids, one person counts several times and fewer may be behind figures</source>
      <translation>a maioria dos ids aparece em um só dia: se os aparelhos mudam de id, uma pessoa conta várias vezes e pode haver menos pessoas por trás dos números</translation>
    </message>
    <message>
      <source>mostly move</source>
      <translation>movem-se sobretudo</translation>
    </message>
    <message>
      <source>motor</source>
      <translation>motorizado</translation>
    </message>
    <message>
      <source>motor vehicle</source>
      <translation>veículo motorizado</translation>
    </message>
    <message>
      <source>moves like a boat or an animal: hours on the way without a stop, day after day</source>
      <translation>move-se como um barco ou um animal: horas a caminho sem parar, dia após dia</translation>
    </message>
    <message>
      <source>moves like a ship, boat or bird: steady speeds on straight ways</source>
      <translation>move-se como um navio, um barco ou uma ave: velocidades constantes em trajetos retos</translation>
    </message>
    <message>
      <source>moves like an aircraft: faster than cars, steady and straight on</source>
      <translation>move-se como uma aeronave: mais rápido que os carros, constante e em linha reta</translation>
    </message>
    <message>
      <source>my model</source>
      <translation>meu modelo</translation>
    </message>
    <message>
      <source>no</source>
      <translation>não</translation>
    </message>
    <message>
      <source>no data</source>
      <translation>sem dados</translation>
    </message>
    <message>
      <source>no fixes on the way</source>
      <translation>sem posições no caminho</translation>
    </message>
    <message>
      <source>no label is likely enough</source>
      <translation>nenhum rótulo é provável o bastante</translation>
    </message>
    <message>
      <source>no position</source>
      <translation>sem posição</translation>
    </message>
    <message>
      <source>no stop on record</source>
      <translation>nenhuma parada registrada</translation>
    </message>
    <message>
      <source>no time that can be read</source>
      <translation>sem hora legível</translation>
    </message>
    <message>
      <source>no track</source>
      <translation>sem trajeto</translation>
    </message>
    <message>
      <source>no trips, or of few people</source>
      <translation>sem viagens, ou de poucas pessoas</translation>
    </message>
    <message>
      <source>no user</source>
      <translation>sem usuário</translation>
    </message>
    <message>
      <source>none</source>
      <translation>nenhum</translation>
    </message>
    <message>
      <source>none: each file is a user</source>
      <translation>nenhuma: cada arquivo é um usuário</translation>
    </message>
    <message>
      <source>none: one track a user</source>
      <translation>nenhuma: um trajeto por usuário</translation>
    </message>
    <message>
      <source>none: one user's</source>
      <translation>nenhuma: um só usuário</translation>
    </message>
    <message>
      <source>not proven</source>
      <translation>não comprovado</translation>
    </message>
    <message>
      <source>not read</source>
      <translation>não lido</translation>
    </message>
    <message>
      <source>nothing clearly beats saying that it stays where it is; {model}.</source>
      <translation>nada supera claramente dizer que ele fica onde está; {model}.</translation>
    </message>
    <message>
      <source>nothing clearly beats staying</source>
      <translation>nada supera claramente ficar onde está</translation>
    </message>
    <message>
      <source>of the trips</source>
      <translation>das viagens</translation>
    </message>
    <message>
      <source>on the way back to the middle of its places</source>
      <translation>no caminho de volta ao centro dos seus lugares</translation>
    </message>
    <message>
      <source>on the way for most of the time on record, as vehicles are</source>
      <translation>a caminho na maior parte do tempo registrado, como os veículos</translation>
    </message>
    <message>
      <source>on {k} of {of} nights with fixes</source>
      <translation>em {k} de {of} noites com posições</translation>
    </message>
    <message>
      <source>on {k} of {of} weekdays with fixes</source>
      <translation>em {k} de {of} dias úteis com posições</translation>
    </message>
    <message>
      <source>per day</source>
      <translation>por dia</translation>
    </message>
    <message>
      <source>pip brought its own {names}. Remove the environment and install again.</source>
      <translation>O pip trouxe {names} próprio. Remova o ambiente e instale de novo.</translation>
    </message>
    <message>
      <source>place {n}</source>
      <translation>lugar {n}</translation>
    </message>
    <message>
      <source>position</source>
      <translation>posição</translation>
    </message>
    <message>
      <source>position 0, 0, which devices write without a signal</source>
      <translation>posição 0, 0, que os aparelhos gravam quando não têm sinal</translation>
    </message>
    <message>
      <source>position known to over a kilometre only</source>
      <translation>posição conhecida só com mais de um quilômetro de erro</translation>
    </message>
    <message>
      <source>position outside the world</source>
      <translation>posição fora do mundo</translation>
    </message>
    <message>
      <source>positions known to more than {m:g} m</source>
      <translation>posições conhecidas só a mais de {m:g} m</translation>
    </message>
    <message>
      <source>rail</source>
      <translation>trem ou metrô</translation>
    </message>
    <message>
      <source>rarely farther from that place than [{:.1f} km]</source>
      <translation>raramente mais longe desse lugar que [{:.1f} km]</translation>
    </message>
    <message>
      <source>raw signal of a timeline</source>
      <translation>sinal bruto de uma linha do tempo</translation>
    </message>
    <message>
      <source>raw-small suits a laptop; raw-base and raw-large need a graphics card. In another size than raw-small, training starts from random weights. A model of your own keeps its size.</source>
      <translation>raw-small serve para um laptop; raw-base e raw-large precisam de placa gráfica. Em outro tamanho que raw-small, o treino começa de pesos aleatórios. Um modelo seu mantém o tamanho.</translation>
    </message>
    <message>
      <source>recognised</source>
      <translation>detectar</translation>
    </message>
    <message>
      <source>recorded about every [{:.0f} s]</source>
      <translation>registrado a cada [{:.0f} s]</translation>
    </message>
    <message>
      <source>region</source>
      <translation>região</translation>
    </message>
    <message>
      <source>regions</source>
      <translation>regiões</translation>
    </message>
    <message>
      <source>regions: who was in each. flows: who went from zone to zone. zones: who began or ended a trip in each.</source>
      <translation>regions: quem esteve em cada uma. flows: quem foi de zona a zona. zones: quem começou ou terminou uma viagem em cada uma.</translation>
    </message>
    <message>
      <source>right in {share:.0f} % of cases that it had not learned from ({n} sources weigh alike, the worst {low:.0f} %, the best {high:.0f} %; unknown counts as wrong).</source>
      <translation>correto em {share:.0f} % dos casos com os quais não tinha aprendido ({n} fontes com o mesmo peso, a pior {low:.0f} %, a melhor {high:.0f} %; desconhecido conta como erro).</translation>
    </message>
    <message>
      <source>share of right answers</source>
      <translation>proporção de acertos</translation>
    </message>
    <message>
      <source>shipped: the model that comes with RAW. none: random weights. Or a bundle's folder or .zip.</source>
      <translation>shipped: o modelo que vem com o RAW. none: pesos aleatórios. Ou a pasta ou o .zip de um pacote.</translation>
    </message>
    <message>
      <source>similarity to {target}</source>
      <translation>semelhança com {target}</translation>
    </message>
    <message>
      <source>simple</source>
      <translation>simples</translation>
    </message>
    <message>
      <source>simple: the simple method that was nearest in the past of these tracks at each horizon; a backtest says where it is better than the model. Paths are the model's alone.</source>
      <translation>simple: o método simples que esteve mais perto no passado destes trajetos em cada horizonte; um teste retrospectivo diz onde ele é melhor que o modelo. Só o modelo tem caminhos.</translation>
    </message>
    <message>
      <source>solar time</source>
      <translation>hora solar</translation>
    </message>
    <message>
      <source>speeds too high</source>
      <translation>velocidades altas demais</translation>
    </message>
    <message>
      <source>staying</source>
      <translation>ficar onde está</translation>
    </message>
    <message>
      <source>stops and trips</source>
      <translation>paradas e viagens</translation>
    </message>
    <message>
      <source>the command stopped with code {n}</source>
      <translation>o comando parou com o código {n}</translation>
    </message>
    <message>
      <source>the model has no head that names modes</source>
      <translation>o modelo não tem rótulo que diga o modo de transporte</translation>
    </message>
    <message>
      <source>the model is neither clearly better nor clearly worse</source>
      <translation>o modelo não é claramente melhor nem claramente pior</translation>
    </message>
    <message>
      <source>the model is {percent} farther off</source>
      <translation>o modelo erra {percent} mais</translation>
    </message>
    <message>
      <source>the model is {percent} nearer, but this is not proved</source>
      <translation>o modelo erra {percent} menos, mas isso não está provado</translation>
    </message>
    <message>
      <source>the only fix of a day</source>
      <translation>a única posição de um dia</translation>
    </message>
    <message>
      <source>the only fix of a track</source>
      <translation>a única posição de um trajeto</translation>
    </message>
    <message>
      <source>the only fix of a user</source>
      <translation>a única posição de um usuário</translation>
    </message>
    <message>
      <source>the places do not show clearly whether one is work</source>
      <translation>os lugares não mostram claramente se algum é o trabalho</translation>
    </message>
    <message>
      <source>the same</source>
      <translation>igual</translation>
    </message>
    <message>
      <source>the same answer for all, the most frequent or the middle one: nearer than gradient boosting here</source>
      <translation>a mesma resposta para todos, a mais frequente ou a do meio: aqui, mais próxima que o gradient boosting</translation>
    </message>
    <message>
      <source>these tracks</source>
      <translation>estes trajetos</translation>
    </message>
    <message>
      <source>time</source>
      <translation>hora</translation>
    </message>
    <message>
      <source>time before 1900 or after 2100</source>
      <translation>hora antes de 1900 ou depois de 2100</translation>
    </message>
    <message>
      <source>to {region}</source>
      <translation>para {region}</translation>
    </message>
    <message>
      <source>too far ahead</source>
      <translation>longe demais no futuro</translation>
    </message>
    <message>
      <source>too few cases to say</source>
      <translation>poucos casos para dizer</translation>
    </message>
    <message>
      <source>too few cases to say: {cases}, of {groups} users or parts of their time; {n} of {m} are needed.</source>
      <translation>poucos casos para dizer: {cases}, de {groups} usuários ou partes do tempo deles; são precisos {n} de {m}.</translation>
    </message>
    <message>
      <source>too few fixes</source>
      <translation>poucas posições</translation>
    </message>
    <message>
      <source>too few or too many people</source>
      <translation>pessoas de menos ou demais</translation>
    </message>
    <message>
      <source>too little of the time at places is on record</source>
      <translation>pouco do tempo nos lugares está registrado</translation>
    </message>
    <message>
      <source>too much of the way lies in gaps</source>
      <translation>grande parte do caminho fica em lacunas</translation>
    </message>
    <message>
      <source>too short a time from first to last fix</source>
      <translation>tempo curto demais da primeira à última posição</translation>
    </message>
    <message>
      <source>track</source>
      <translation>trajeto</translation>
    </message>
    <message>
      <source>tracks</source>
      <translation>trajetos</translation>
    </message>
    <message>
      <source>truth \ answer | right</source>
      <translation>verdade \ resposta | acertos</translation>
    </message>
    <message>
      <source>unknown</source>
      <translation>desconhecido</translation>
    </message>
    <message>
      <source>unreadable row</source>
      <translation>linha ilegível</translation>
    </message>
    <message>
      <source>use a simple method</source>
      <translation>use um método simples</translation>
    </message>
    <message>
      <source>use a simple method ({best}): it is less than a metre off.</source>
      <translation>use um método simples ({best}): ele erra menos de um metro.</translation>
    </message>
    <message>
      <source>use a simple method ({best}); {model}.</source>
      <translation>use um método simples ({best}); {model}.</translation>
    </message>
    <message>
      <source>use small letters, digits and _, a letter first, such as night_worker, but not the name of a field that is there, nor one that Windows keeps for a device, such as con</source>
      <translation>use letras minúsculas, dígitos e _, começando por letra, como night_worker, mas não o nome de um campo que já existe, nem um que o Windows reserva a um dispositivo, como con</translation>
    </message>
    <message>
      <source>use the model</source>
      <translation>use o modelo</translation>
    </message>
    <message>
      <source>use the model: it is {percent} nearer than the best simple method ({best}), with a mean error of {a} instead of {b}.</source>
      <translation>use o modelo: ele erra {percent} menos que o melhor método simples ({best}), com erro médio de {a} em vez de {b}.</translation>
    </message>
    <message>
      <source>user</source>
      <translation>usuário</translation>
    </message>
    <message>
      <source>user: all tracks of a user together. day: a user's day of mean solar time.</source>
      <translation>user: todos os trajetos de um usuário juntos. day: um dia de um usuário, em hora solar média.</translation>
    </message>
    <message>
      <source>users</source>
      <translation>usuários</translation>
    </message>
    <message>
      <source>walk</source>
      <translation>a pé</translation>
    </message>
    <message>
      <source>waypoint or point of a route</source>
      <translation>waypoint ou ponto de uma rota</translation>
    </message>
    <message>
      <source>where it was at that time of an earlier day</source>
      <translation>onde estava a essa hora de um dia anterior</translation>
    </message>
    <message>
      <source>with fixes every {s}</source>
      <translation>com posições a cada {s}</translation>
    </message>
    <message>
      <source>withheld</source>
      <translation>omitido</translation>
    </message>
    <message>
      <source>yes</source>
      <translation>sim</translation>
    </message>
    <message>
      <source>{0:,.0f} trips of {1:,.0f} people; medians: {2:,.0f} minutes, {3:,.0f} m</source>
      <translation>{0:,.0f} viagens de {1:,.0f} pessoas; medianas: {2:,.0f} minutos, {3:,.0f} m</translation>
    </message>
    <message>
      <source>{a} against {b}</source>
      <translation>{a} contra {b}</translation>
    </message>
    <message>
      <source>{a} min ahead</source>
      <translation>daqui a {a} min</translation>
    </message>
    <message>
      <source>{a} to {b}</source>
      <translation>{a} a {b}</translation>
    </message>
    <message>
      <source>{a} to {b} min ahead</source>
      <translation>daqui a {a} a {b} min</translation>
    </message>
    <message>
      <source>{a} would replace {b}, the file {file}. Choose another.</source>
      <translation>{a} substituiria {b}, o arquivo {file}. Escolha outro.</translation>
    </message>
    <message>
      <source>{date} may begin with the day or with the month: choose under Dates.</source>
      <translation>{date} pode começar pelo dia ou pelo mês: escolha em Datas.</translation>
    </message>
    <message>
      <source>{error} The training is done: its model is kept in {folder}, and in RAW's training.</source>
      <translation>{error} O treino terminou: o modelo dele está guardado em {folder} e na página de treino do RAW.</translation>
    </message>
    <message>
      <source>{file} cannot be read as Parquet: {error}</source>
      <translation>{file} não pode ser lido como Parquet: {error}</translation>
    </message>
    <message>
      <source>{file} cannot be read as a table of text: {error}</source>
      <translation>{file} não pode ser lido como tabela de texto: {error}</translation>
    </message>
    <message>
      <source>{file} cannot be read as a table: {error}</source>
      <translation>{file} não pode ser lido como tabela: {error}</translation>
    </message>
    <message>
      <source>{file} cannot be read: {error}</source>
      <translation>{file} não pode ser lido: {error}</translation>
    </message>
    <message>
      <source>{file} cannot be read: {error}. Choose its encoding, such as latin-1</source>
      <translation>{file} não pode ser lido: {error}. Escolha a codificação, como latin-1</translation>
    </message>
    <message>
      <source>{file} cannot be used ({why}): copy the model again.</source>
      <translation>{file} não pode ser usado ({why}): copie o modelo de novo.</translation>
    </message>
    <message>
      <source>{file} could not be written: {why}</source>
      <translation>Não foi possível gravar {file}: {why}</translation>
    </message>
    <message>
      <source>{file} does not hold the weights of the model's network.</source>
      <translation>{file} não contém os pesos da rede do modelo.</translation>
    </message>
    <message>
      <source>{file} exists already. Replace it?</source>
      <translation>{file} já existe. Substituir?</translation>
    </message>
    <message>
      <source>{file} has several columns called '{name}'. Rename all but one.</source>
      <translation>{file} tem várias colunas chamadas '{name}'. Renomeie todas menos uma.</translation>
    </message>
    <message>
      <source>{file} holds no layer of points.</source>
      <translation>{file} não contém camada de pontos.</translation>
    </message>
    <message>
      <source>{file} holds no list of positions: RAW reads exports of Google Timeline and OwnTracks.</source>
      <translation>{file} não contém uma lista de posições: o RAW lê exportações do Google Timeline e do OwnTracks.</translation>
    </message>
    <message>
      <source>{file} holds no position.</source>
      <translation>{file} não contém posição.</translation>
    </message>
    <message>
      <source>{file} holds {name}, which no model has.</source>
      <translation>{file} contém {name}, que nenhum modelo tem.</translation>
    </message>
    <message>
      <source>{file} is a ZIP archive or a spreadsheet: unpack it, or save it as CSV.</source>
      <translation>{file} é um ZIP ou uma planilha: descompacte-o, ou salve-o como CSV.</translation>
    </message>
    <message>
      <source>{file} is damaged, or the disk is full: copy it again ({error}).</source>
      <translation>{file} está danificado, ou o disco está cheio: copie-o de novo ({error}).</translation>
    </message>
    <message>
      <source>{file} is larger than {n:g} MiB.</source>
      <translation>{file} tem mais de {n:g} MiB.</translation>
    </message>
    <message>
      <source>{file} is neither a folder nor a .zip, so it is no model bundle.</source>
      <translation>{file} não é uma pasta nem um .zip, portanto não é um pacote de modelo.</translation>
    </message>
    <message>
      <source>{file} is nested too deep to be a list of positions.</source>
      <translation>{file} tem níveis demais para ser uma lista de posições.</translation>
    </message>
    <message>
      <source>{file} is not one of your own models, so it stays.</source>
      <translation>{file} não é um dos seus modelos, portanto permanece.</translation>
    </message>
    <message>
      <source>{file} is of no kind that RAW reads: {known}. Open it in QGIS as a layer.</source>
      <translation>{file} não é de nenhum tipo que o RAW lê: {known}. Abra-o no QGIS como camada.</translation>
    </message>
    <message>
      <source>{file} is open in QGIS. Remove its layer from the project, or choose another.</source>
      <translation>{file} está aberto no QGIS. Remova a camada dele do projeto, ou escolha outro.</translation>
    </message>
    <message>
      <source>{file} of the model is not the file that was packed: copy it again.</source>
      <translation>{file} do modelo não é o arquivo que foi empacotado: copie-o de novo.</translation>
    </message>
    <message>
      <source>{file} unpacks to more than a model bundle of its size does.</source>
      <translation>{file} descompactado é maior que um pacote de modelo desse tamanho.</translation>
    </message>
    <message>
      <source>{file} unpacks to more than {rows:,} rows or {size:,.0f} MB. If that is right, raise MAX_ROWS, or unpack the file first.</source>
      <translation>{file} descompacta para mais de {rows:,} linhas ou {size:,.0f} MB. Se isso estiver certo, aumente MAX_ROWS ou descompacte o arquivo antes.</translation>
    </message>
    <message>
      <source>{first} to {last} ({zone})</source>
      <translation>{first} a {last} ({zone})</translation>
    </message>
    <message>
      <source>{fixes} left out: {why}.</source>
      <translation>{fixes} de fora: {why}.</translation>
    </message>
    <message>
      <source>{fixes} skipped: {why}.</source>
      <translation>{fixes} sem uso: {why}.</translation>
    </message>
    <message>
      <source>{folder} has no pyvenv.cfg. {advice}</source>
      <translation>{folder} não tem pyvenv.cfg. {advice}</translation>
    </message>
    <message>
      <source>{folder} holds no training run: {file} is missing or broken.</source>
      <translation>{folder} não contém um treino: {file} falta ou está danificado.</translation>
    </message>
    <message>
      <source>{folder} is the folder of a run: its model is {folder}/bundle.</source>
      <translation>{folder} é a pasta de um treino: o modelo dele é {folder}/bundle.</translation>
    </message>
    <message>
      <source>{folder}/card.json cannot be read: {error}</source>
      <translation>{folder}/card.json não pode ser lido: {error}</translation>
    </message>
    <message>
      <source>{folder}/card.json cannot be used ({wrong}): export it again.</source>
      <translation>{folder}/card.json não pode ser usado ({wrong}): exporte-o de novo.</translation>
    </message>
    <message>
      <source>{found}: off by {a:.3g} on average in {n:,} cases that it had not learned from, a simple method {b:.3g}.</source>
      <translation>{found}: erra {a:.3g} em média em {n:,} casos com os quais não tinha aprendido, um método simples {b:.3g}.</translation>
    </message>
    <message>
      <source>{found}: right in {a:.0%} of {n:,} cases that it had not learned from ({low:.0%} to {high:.0%} allowing for chance), a simple method in {b:.0%}.</source>
      <translation>{found}: correto em {a:.0%} de {n:,} casos com os quais não tinha aprendido ({low:.0%} a {high:.0%} levando em conta o acaso), um método simples em {b:.0%}.</translation>
    </message>
    <message>
      <source>{k:,} of {n:,} forecasts rest on the past of fewer than {m} other users: they may show where one of them goes. Treat them as personal data.</source>
      <translation>{k:,} de {n:,} previsões se baseiam no passado de menos de {m} outros usuários: podem mostrar aonde um deles vai. Trate-as como dados pessoais.</translation>
    </message>
    <message>
      <source>{km:.1f} km in {min:,.0f} min, {v:.0f} km/h on average, over {w:.0f} km/h for a tenth of it, halts: {n:,.0f}</source>
      <translation>{km:.1f} km em {min:,.0f} min, {v:.0f} km/h em média, mais de {w:.0f} km/h em um décimo, paradas: {n:,.0f}</translation>
    </message>
    <message>
      <source>{layer} is being edited: stop editing, and save again.</source>
      <translation>{layer} está em edição: encerre a edição e salve de novo.</translation>
    </message>
    <message>
      <source>{method}, damped over {time}</source>
      <translation>{method}, amortecida em {time}</translation>
    </message>
    <message>
      <source>{more}, at least {least}</source>
      <translation>{more}, no mínimo {least}</translation>
    </message>
    <message>
      <source>{n:,.0f} trips</source>
      <translation>{n:,.0f} viagens</translation>
    </message>
    <message>
      <source>{n:,} fixes</source>
      <translation>{n:,} posições</translation>
    </message>
    <message>
      <source>{n:,} fixes in {steps:,} steps and {minutes:.1f} minutes on {device}.</source>
      <translation>{n:,} posições em {steps:,} passos e {minutes:.1f} minutos em {device}.</translation>
    </message>
    <message>
      <source>{n:,} fixes, {first} to {last} UTC</source>
      <translation>{n:,} posições, {first} a {last} UTC</translation>
    </message>
    <message>
      <source>{n:,} gaps longer than {minutes:g} minutes stay open.</source>
      <translation>{n:,} lacunas de mais de {minutes:g} minutos ficam em aberto.</translation>
    </message>
    <message>
      <source>{n:,} labelled: {name}.</source>
      <translation>{n:,} com rótulo: {name}.</translation>
    </message>
    <message>
      <source>{n:,} of {total:,} ids differ from others by case, blanks, accents or invisible letters: if they are one person, join them</source>
      <translation>{n:,} de {total:,} ids diferem de outros só em maiúsculas, espaços, acentos ou letras invisíveis: se são uma pessoa, junte-os</translation>
    </message>
    <message>
      <source>{n:,} of {total:,} {units}: {reason}</source>
      <translation>{n:,} de {total:,} {units}: {reason}</translation>
    </message>
    <message>
      <source>{n:,} people</source>
      <translation>{n:,} pessoas</translation>
    </message>
    <message>
      <source>{n:,} positions in gaps are too many: choose a longer step.</source>
      <translation>{n:,} posições em lacunas são demais: escolha um passo maior.</translation>
    </message>
    <message>
      <source>{n:,} positions in {k:,} gaps.</source>
      <translation>{n:,} posições em {k:,} lacunas.</translation>
    </message>
    <message>
      <source>{n:,} queries with a known truth between {first} and {last}; users: {users:,}. The model {model} and {k} simple methods.</source>
      <translation>{n:,} consultas com verdade conhecida entre {first} e {last}; usuários: {users:,}. O modelo {model} e {k} métodos simples.</translation>
    </message>
    <message>
      <source>{n:,} steps are too many: choose a STEP of {m:g} min or more.</source>
      <translation>{n:,} passos são demais: escolha um STEP de {m:g} min ou mais.</translation>
    </message>
    <message>
      <source>{n:,} tracks</source>
      <translation>{n:,} trajetos</translation>
    </message>
    <message>
      <source>{n:,} tracks in {years} years are too many: leave out wrong times.</source>
      <translation>{n:,} trajetos em {years} anos são demais: deixe de fora as horas erradas.</translation>
    </message>
    <message>
      <source>{n:,} users</source>
      <translation>{n:,} usuários</translation>
    </message>
    <message>
      <source>{name} (comes with RAW)</source>
      <translation>{name} (vem com o RAW)</translation>
    </message>
    <message>
      <source>{name} is no head with {inputs} inputs and {outputs} outputs: {error}. Train it again.</source>
      <translation>{name} não é um rótulo com {inputs} entradas e {outputs} saídas: {error}. Ensine-o de novo.</translation>
    </message>
    <message>
      <source>{name} is used where no other model is chosen.</source>
      <translation>{name} é usado quando nenhum outro modelo é escolhido.</translation>
    </message>
    <message>
      <source>{name} was installed but does not work: {why} {advice}</source>
      <translation>{name} foi instalado, mas não funciona: {why} {advice}</translation>
    </message>
    <message>
      <source>{name} {version} in {folder} comes before RAW's own, and RAW needs another version. Remove it: {python} -m pip uninstall {name}</source>
      <translation>{name} {version} em {folder} vem antes do próprio do RAW, que precisa de outra versão. Remova-o: {python} -m pip uninstall {name}</translation>
    </message>
    <message>
      <source>{name}: refused</source>
      <translation>{name}: recusado</translation>
    </message>
    <message>
      <source>{name}: what the training did</source>
      <translation>{name}: o que o treino mudou</translation>
    </message>
    <message>
      <source>{n} % of cases lie inside</source>
      <translation>{n} % dos casos ficam dentro</translation>
    </message>
    <message>
      <source>{n} labels say little: label more before you rely on it.</source>
      <translation>{n} rótulos dizem pouco: rotule mais antes de confiar nele.</translation>
    </message>
    <message>
      <source>{n} of {m} regions are left out: fewer than {k} users.</source>
      <translation>{n} de {m} regiões ficam de fora: menos de {k} usuários.</translation>
    </message>
    <message>
      <source>{n} of {m} regions are withheld: they would show figures of fewer than {k} users.</source>
      <translation>{n} de {m} regiões foram omitidas: mostrariam valores de menos de {k} usuários.</translation>
    </message>
    <message>
      <source>{one} and {other}</source>
      <translation>{one} e {other}</translation>
    </message>
    <message>
      <source>{parameter} has to be a number from {low:g} to {high:g}, not {value:g}.</source>
      <translation>{parameter} deve ser um número de {low:g} a {high:g}, não {value:g}.</translation>
    </message>
    <message>
      <source>{parameter} has to be a number of {low:g} or more, not {value:g}.</source>
      <translation>{parameter} deve ser um número a partir de {low:g}, não {value:g}.</translation>
    </message>
    <message>
      <source>{parameter} has to be one of {known}, not {value}.</source>
      <translation>{parameter} deve ser um de {known}, não {value}.</translation>
    </message>
    <message>
      <source>{role} = {name} (guessed)</source>
      <translation>{role} = {name} (detectado)</translation>
    </message>
    <message>
      <source>{shares} of the time. Cells of {size:.0f} m on the map, not addresses. Hours: solar time.</source>
      <translation>{shares} do tempo. No mapa, células de {size:.0f} m, não endereços. Horas: hora solar.</translation>
    </message>
    <message>
      <source>{target} is there already and is no model bundle, so nothing was written. Choose a new folder.</source>
      <translation>{target} já existe e não é um pacote de modelo, então nada foi gravado. Escolha uma pasta nova.</translation>
    </message>
    <message>
      <source>{title}, {horizon:g} min every {step:g}</source>
      <translation>{title}, {horizon:g} min, a cada {step:g}</translation>
    </message>
    <message>
      <source>{verdict}

Use this model all the same?</source>
      <translation>{verdict}

Usar este modelo mesmo assim?</translation>
    </message>
    <message>
      <source>{what} failed: {reason} {advice}</source>
      <translation>{what}: falhou. {reason} {advice}</translation>
    </message>
    <message>
      <source>{what}: {left} left</source>
      <translation>{what}: faltam {left}</translation>
    </message>
    <message>
      <source>{what}: {share:.0%}, {left} left</source>
      <translation>{what}: {share:.0%}, faltam {left}</translation>
    </message>
    <message>
      <source>⚠ The map's clock is off: the map shows the last forecasts alone. Choose a track to set the clock.</source>
      <translation>⚠ O relógio do mapa está desligado: o mapa mostra só as últimas previsões. Escolha um trajeto para ajustar o relógio.</translation>
    </message>
    <message>
      <source>⚠ Unlike what this was trained on: {reasons}.</source>
      <translation>⚠ Diferente dos dados de treino deste rótulo: {reasons}.</translation>
    </message>
  </context>
</TS>
