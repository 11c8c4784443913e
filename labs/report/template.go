package report

// The templates of the page. They are constants, so that the package holds no
// state; html/template escapes every value by its place.
const page = `{{define "page"}}<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{{.Policy}}">
<title>distrolab: {{clean .Session.ID}}</title>
{{template "look"}}
</head>
<body>
{{template "patterns"}}
<header>
<p class="where">distrolab report, session {{clean .Session.ID}}, {{.Started}}</p>
<h1>{{clean .Answer}}</h1>
{{range .Banners}}<p class="banner"><strong>Read this first.</strong> {{clean .}}</p>
{{end}}</header>
<main>
{{range .Tables}}<section>
<h2>Comparison</h2>
<p class="muted">{{clean .Conditions}}</p>
<div class="wide"><table>
<thead><tr><th>system</th><th>{{.Words.Primary}}, median</th><th>95 % interval (s)</th><th>runs ok</th><th>times {{clean .Baseline}}</th>{{range .Words.Longer}}<th>{{.}}</th>{{end}}<th>doubtful</th><th>failure rate at most</th></tr></thead>
<tbody>{{range .Rows}}
<tr{{if .Fastest}} class="fastest"{{end}}><th scope="row">{{clean .Label}}{{if .Fastest}} <span class="tag best">fastest</span>{{end}}<br><span class="muted">{{clean .Title}} {{clean .Version}}</span> <span class="tag">{{clean .Kind}}</span></th><td class="main">{{.Headline}}</td><td class="verdict">{{.Interval}}{{if .Tail}}<br><span class="muted">{{.Tail}}</span>{{end}}</td><td{{if .Failed}} class="bad"{{end}}>{{.Runs}}</td><td class="verdict">{{.Ratio}}{{if .Verdict}}<br><span class="muted">{{clean .Verdict}}</span>{{end}}</td>{{range .Others}}<td>{{.}}</td>{{end}}<td>{{.Doubtful}}</td><td>{{.Bound}}</td></tr>{{end}}
</tbody></table></div>
<h2>Where the time goes</h2>
<p class="muted">Median of each phase, from {{.Words.Origin}}{{.Words.Until}}. Medians of phases need not add up to the median of the whole, which stands at the right.</p>
{{template "gantt" .Gantt}}
{{range .Gantt.Notes}}<p class="muted">{{clean .}}</p>
{{end}}<div class="wide"><table class="small"><thead><tr><th>system</th>{{range .PhaseNames}}<th>{{clean .}}</th>{{end}}</tr></thead><tbody>{{range .Rows}}
<tr><th scope="row">{{clean .Label}}</th>{{range .Phases}}<td class="wrap">{{clean .}}</td>{{end}}</tr>{{end}}
</tbody></table></div>
<h2>Every run: {{.Headline}}</h2>
<p class="muted">One mark for each measured run; hollow marks are doubtful runs. Below them the median and its 95 % interval. The axis does not start at 0.</p>
{{template "strip" .Strip}}
<h2>In the order of the runs</h2>
<p class="muted">The same runs from the first to the last, each system on a scale of its own; the line is the median. A slope or a step is drift of the machine, not of the system.</p>
{{template "order" .Order}}
<details><summary>The numbers of these two pictures</summary>{{template "numbers" .Numbers}}</details>
{{range .Typical}}<h2>One join: {{clean .Label}}</h2>
<p class="muted">{{clean .Text}}</p>
{{template "gantt" .Steps}}
{{range .Steps.Notes}}<p class="muted">{{clean .}}</p>
{{end}}{{template "steps" .Numbers}}
{{end}}</section>
{{end}}{{if or .Notes .Warnings}}<section><h2>Keep in mind</h2><ul>
{{range .Warnings}}<li class="warn">{{clean .}}</li>
{{end}}{{range .Notes}}<li>{{clean .}}</li>
{{end}}</ul></section>
{{end}}{{if .Doubtful}}<section><h2>Doubtful runs</h2><div class="wide"><table><thead><tr><th>system</th><th>why</th><th>runs</th></tr></thead><tbody>
{{range .Doubtful}}<tr><th scope="row">{{clean .Subject}}</th><td class="words">{{clean .Taint}}</td><td>{{.Runs}}</td></tr>
{{end}}</tbody></table></div></section>
{{end}}<section><h2>Runs</h2>
<p class="muted">All runs in the order they were made, warm-ups included. Open one to see its milestones.</p>
{{range .Runs}}{{template "run" .}}{{end}}</section>
<section class="pair"><div><h2>Design</h2>{{template "facts" .Design}}</div><div><h2>Environment</h2>{{template "facts" .Facts}}</div></section>
<section><h2>Method</h2><ul>{{range .Method}}<li>{{.}}</li>
{{end}}</ul></section>
</main>
<script type="application/json" id="distrolab-data">{{.Data}}</script>
<script>{{.Script}}</script>
</body>
</html>
{{end}}{{define "facts"}}<dl>{{range .}}<dt>{{.Name}}</dt><dd>{{clean .Value}}</dd>{{end}}</dl>{{end}}`

const runList = `{{define "run"}}<details class="run" id="{{.Element}}"><summary><span class="tag {{if .Good}}best{{else}}worst{{end}}">{{clean .Outcome}}</span> <b>{{clean .Subject}}</b> {{clean .Time}} <span class="muted">{{clean .Phase}}, block {{.Block}}, place {{.Pos}}, run {{clean .ID}}{{if .Taints}}, doubtful{{end}}</span></summary>
{{if .Cause}}<p class="warn">{{clean .Cause}}</p>{{end}}{{range .Taints}}<p class="warn">{{clean .}}</p>{{end}}
{{if .Timeline}}{{template "timeline" .}}{{end}}
<div class="wide"><table class="small"><thead><tr><th></th><th class="words">milestone</th><th>time</th><th>error</th><th>source</th><th class="words">what was seen</th></tr></thead><tbody>
{{range .Rows}}<tr{{if not .Seen}} class="muted"{{end}}><td>{{.ID}}</td><th scope="row">{{clean .Title}}</th>{{if .Seen}}<td>{{.Time}}</td><td>{{.Error}}</td><td>{{clean .Source}}</td><td class="words"><code>{{clean .Raw}}</code></td>{{else}}<td colspan="4" class="words">not seen: {{clean .Why}}</td>{{end}}</tr>
{{end}}</tbody></table></div>
<div class="pair"><div><h3>Phases</h3>{{template "facts" .Phases}}</div><div><h3>Meanwhile</h3>{{template "facts" .Facts}}</div></div></details>
{{end}}`

const pictures = `{{define "patterns"}}<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>
<pattern id="p0" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="c0"/><rect width="2" height="6" class="over"/></pattern>
<pattern id="p1" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="c1"/><circle cx="3" cy="3" r="1.2" class="over"/></pattern>
<pattern id="p2" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="c2"/></pattern>
<pattern id="p3" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="c3"/><rect width="6" height="2" class="over"/></pattern>
<pattern id="p4" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="6" height="6" class="c4"/><rect width="2" height="6" class="over"/></pattern>
<pattern id="p5" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" class="c5"/><rect width="4" height="4" class="over"/><rect x="4" y="4" width="4" height="4" class="over"/></pattern>
<pattern id="p6" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="c6"/><rect width="2" height="6" class="over"/></pattern>
<pattern id="p7" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="c7"/></pattern>
<pattern id="p8" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" class="c7"/><rect width="8" height="4" class="over"/></pattern>
</defs></svg>{{end}}
{{define "axis"}}{{$bottom := .Bottom}}{{range .Ticks}}<line class="grid" x1="{{unit .X}}" x2="{{unit .X}}" y1="22" y2="{{unit $bottom}}"/><text class="tick" x="{{unit .X}}" y="14" text-anchor="middle">{{.Text}}</text>{{end}}{{end}}
{{define "gantt"}}<svg class="plot" viewBox="0 0 {{unit .Width}} {{unit .Height}}" role="img" aria-labelledby="{{.ID}}-name" aria-describedby="{{.ID}}-text"><title id="{{.ID}}-name">{{.Alt}}</title><desc id="{{.ID}}-text">{{clean .Text}}</desc>{{template "axis" .}}
{{range .Rows}}<text class="label" x="178" y="{{unit .TextY}}" text-anchor="end">{{clean .Label}}</text>{{range .Bars}}<rect x="{{unit .X}}" y="{{unit .Y}}" width="{{unit .W}}" height="{{unit .H}}" fill="url(#p{{.Series}})"><title>{{clean .Tip}}</title></rect>{{end}}<text class="value" x="956" y="{{unit .TextY}}" text-anchor="end">{{.Value}}</text>
{{end}}{{range .Legend}}<rect x="{{unit .X}}" y="{{unit .Y}}" width="16" height="14" fill="url(#p{{.Series}})"/><text class="tick" x="{{unit .X}}" y="{{unit .Y}}" dx="22" dy="12">{{clean .Text}}</text>{{end}}</svg>{{end}}
{{define "strip"}}<svg class="plot" viewBox="0 0 {{unit .Width}} {{unit .Height}}" role="img" aria-labelledby="{{.ID}}-name" aria-describedby="{{.ID}}-text"><title id="{{.ID}}-name">{{.Alt}}</title><desc id="{{.ID}}-text">{{clean .Text}}</desc>{{template "axis" .}}
{{range .Rows}}<text class="label" x="178" y="{{unit .TextY}}" text-anchor="end">{{clean .Label}}</text>{{$y := .Y}}{{range .Dots}}<circle cx="{{unit .X}}" cy="{{unit .Y}}" r="4.4" class="dot{{if .Doubtful}} hollow{{end}}"><title>{{clean .Tip}}</title></circle>{{end}}
{{with .Interval}}<line class="interval" x1="{{unit .X1}}" x2="{{unit .X2}}" y1="{{unit .Y}}" y2="{{unit .Y}}"/><line class="interval" x1="{{unit .X1}}" x2="{{unit .X1}}" y1="{{unit .Y}}" y2="{{unit .Y}}" stroke-linecap="square"/>{{end}}{{with .Median}}<rect class="median" x="{{unit .}}" y="{{unit $y}}" width="4" height="14" transform="translate(-2 -7)"/>{{end}}<text class="value" x="956" y="{{unit .TextY}}" text-anchor="end">{{.Value}}</text>{{if .Unfinished}}<text class="bad tick" x="956" y="{{unit .TextY}}" dy="18" text-anchor="end">{{.Unfinished}}</text>{{end}}
{{end}}</svg>{{end}}
{{define "order"}}<svg class="plot" viewBox="0 0 {{unit .Width}} {{unit .Height}}" role="img" aria-labelledby="{{.ID}}-name" aria-describedby="{{.ID}}-text"><title id="{{.ID}}-name">{{.Alt}}</title><desc id="{{.ID}}-text">{{clean .Text}}</desc>{{template "axis" .}}
{{range .Rows}}<text class="label" x="178" y="{{unit .TextY}}" text-anchor="end">{{clean .Label}}</text><line class="grid" x1="0" x2="960" y1="{{unit .Y}}" y2="{{unit .Y}}"/>{{with .Median}}<line class="middle" x1="190" x2="870" y1="{{unit .}}" y2="{{unit .}}"/>{{end}}{{range .Dots}}<circle cx="{{unit .X}}" cy="{{unit .Y}}" r="3.6" class="dot{{if .Doubtful}} hollow{{end}}"><title>{{clean .Tip}}</title></circle>{{end}}<text class="tick" x="956" y="{{unit .TextY}}" text-anchor="end">{{.Value}}</text>
{{end}}</svg>{{end}}
{{define "numbers"}}<div class="wide"><table class="small"><thead><tr>{{range .Head}}<th>{{clean .}}</th>{{end}}</tr></thead><tbody>{{range .Rows}}
<tr><th scope="row">{{clean .Name}}</th>{{range .Cells}}<td class="wrap">{{clean .}}</td>{{end}}</tr>{{end}}
</tbody></table></div>{{end}}
{{define "steps"}}<div class="wide"><table class="small"><thead><tr>{{range $i, $h := .Head}}<th{{if eq $i 2}} class="words"{{end}}>{{clean $h}}</th>{{end}}</tr></thead><tbody>{{range .Rows}}
<tr><th scope="row">{{clean .Name}}</th>{{range $i, $c := .Cells}}<td{{if eq $i 1}} class="words"{{end}}>{{clean $c}}</td>{{end}}</tr>{{end}}
</tbody></table></div>{{end}}`

// timelinePicture is the timeline of a run. What the page's script moves has
// its place in seconds in data-a, and its end in data-b.
const timelinePicture = `{{define "timeline"}}{{$id := .Element}}{{with .Timeline}}<svg class="plot timeline" data-low="{{exact .Low}}" data-high="{{exact .High}}" viewBox="0 0 {{unit .Width}} {{unit .Height}}" role="img" aria-labelledby="{{$id}}-name" aria-describedby="{{$id}}-text"><title id="{{$id}}-name">{{.Alt}}</title><desc id="{{$id}}-text">{{.Text}}</desc>
{{range .Marks}}<text class="label" x="178" y="{{unit .TextY}}" text-anchor="end">{{clean .Label}}</text><text class="value" x="956" y="{{unit .TextY}}" text-anchor="end">{{.Value}}</text>
{{end}}<svg x="{{unit .X}}" y="0" width="{{unit .InnerWidth}}" height="{{unit .Bottom}}"><g class="axis">{{$bottom := .Bottom}}{{range .Ticks}}<line class="grid" x1="{{unit .X}}" x2="{{unit .X}}" y1="22" y2="{{unit $bottom}}"/><text class="tick" x="{{unit .X}}" y="14" text-anchor="middle">{{.Text}}</text>{{end}}</g>
{{range .Phases}}<rect data-a="{{exact .A}}" data-b="{{exact .B}}" x="{{unit .X}}" y="{{unit .Y}}" width="{{unit .W}}" height="{{unit .H}}" fill="url(#p{{.Series}})"><title>{{clean .Tip}}</title></rect>
{{end}}{{range .Marks}}{{with .Error}}<rect data-a="{{exact .A}}" data-b="{{exact .B}}" x="{{unit .X}}" y="{{unit .Y}}" width="{{unit .W}}" height="{{unit .H}}" class="error"/>{{end}}<circle data-a="{{exact .At}}" cx="{{unit .X}}" cy="{{unit .Y}}" r="4" class="dot{{if .Open}} hollow{{end}}"><title>{{clean .Tip}}</title></circle>
{{end}}</svg></svg>{{end}}{{end}}`

const look = `{{define "look"}}<style>
:root{--bg:#fff;--fg:#1c2129;--muted:#565b66;--line:#d5d9e0;--panel:#f5f7fa;--accent:#0b5cad;--ok:#0f6b3c;--bad:#b3261e;--warnbg:#fff4d6;--warnfg:#5c3d00;--over:#ffffff66;--c0:#b36a00;--c1:#0072b2;--c2:#00805c;--c3:#a0457c;--c4:#5b53b5;--c5:#7d6a00;--c6:#b5472f;--c7:#7a808b}
@media (prefers-color-scheme:dark){:root{--bg:#12151a;--fg:#e4e7ec;--muted:#a3a9b5;--line:#333a45;--panel:#1a1f27;--accent:#7cc4ff;--ok:#6fd39a;--bad:#ff8f87;--warnbg:#3a2f10;--warnfg:#f6dc9a;--over:#00000055;--c0:#e69f00;--c1:#56b4e9;--c2:#2fc69b;--c3:#d98cb3;--c4:#a9a2f2;--c5:#d6c34a;--c6:#f0936f;--c7:#8b919c}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:2rem 1.25rem 4rem;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
h1{font-size:1.6rem;line-height:1.3;margin:.2rem 0 1rem;text-wrap:pretty;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.2rem 0 .4rem}
h3{font-size:1rem;margin:1rem 0 .3rem}
p{margin:.3rem 0 .7rem;overflow-wrap:anywhere}
.where,.muted{color:var(--muted)} .where{margin:0;font-size:.9rem}
.banner{background:var(--warnbg);color:var(--warnfg);border-left:4px solid currentColor;padding:.6rem .9rem;border-radius:0 6px 6px 0}
.warn{color:var(--bad)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:.45rem .7rem;text-align:right;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
thead th{color:var(--muted);font-weight:500;vertical-align:bottom;white-space:normal}
th:first-child,th[scope=row],.words{text-align:left} .words,th[scope=row]{white-space:normal;overflow-wrap:anywhere} .words{min-width:14rem}
th[scope=row]{font-weight:600;min-width:15rem} td.wrap,.verdict{white-space:normal} .verdict{min-width:9rem}
th[scope=row] .muted,th[scope=row] .tag{font-weight:400}
td.main{font-weight:700}
.fastest td.main{color:var(--accent)}
.bad{color:var(--bad);fill:var(--bad)}
.tag{display:inline-block;padding:0 .45rem;border:1px solid var(--line);border-radius:99px;font-size:.8rem;color:var(--muted)}
.best{color:var(--ok);border-color:currentColor} .worst{color:var(--bad);border-color:currentColor}
.plot{display:block;width:100%;height:auto;background:var(--panel);border-radius:8px;padding:.6rem;margin:.3rem 0}
.plot text{font-size:14px;fill:var(--fg)} .plot .tick{fill:var(--muted);font-size:13px} .plot .value{font-weight:700} .plot .bad{fill:var(--bad)}
.grid{stroke:var(--line)} .interval{stroke:var(--muted);stroke-width:5;stroke-linecap:round;opacity:.75} .median{fill:var(--accent)}
.dot{fill:var(--c1);stroke:var(--c1);stroke-width:1.4;fill-opacity:.75} .hollow{fill:var(--panel);fill-opacity:1}
.middle{stroke:var(--accent);stroke-width:1.5} .error{fill:var(--muted);opacity:.45} .timeline text{font-size:12px} .timeline .value{font-weight:400} .timeline{touch-action:pan-y;cursor:crosshair}
.zoom{display:flex;gap:.4rem;align-items:center;margin:.2rem 0 .6rem} .zoom output{color:var(--muted);font-size:.85rem;margin-left:.6rem}
button{font:inherit;font-size:.85rem;padding:.1rem .7rem;color:var(--fg);background:var(--panel);border:1px solid var(--line);border-radius:6px;cursor:pointer} button:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
.c0{fill:var(--c0)} .c1{fill:var(--c1)} .c2{fill:var(--c2)} .c3{fill:var(--c3)} .c4{fill:var(--c4)} .c5{fill:var(--c5)} .c6{fill:var(--c6)} .c7{fill:var(--c7)} .over{fill:var(--over)}
details{border:1px solid var(--line);border-radius:8px;margin:.35rem 0;padding:0 .8rem} summary{cursor:pointer;padding:.4rem 0;overflow-wrap:anywhere}
.small{font-size:.85rem} .small th,.small td{padding:.2rem .6rem} .small th[scope=row]{font-weight:400;min-width:9rem}
code{font:.85em ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;font-size:.9rem} dt{color:var(--muted)} dd{margin:0;overflow-wrap:anywhere}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:0 2rem}
@media print{.zoom{display:none}:root{--bg:#fff;--fg:#000;--muted:#444;--line:#bbb;--panel:#fff;--accent:#0b5cad;--ok:#0f6b3c;--bad:#b3261e;--warnbg:#fff;--warnfg:#000;--over:#ffffff66;--c0:#b36a00;--c1:#0072b2;--c2:#00805c;--c3:#a0457c;--c4:#5b53b5;--c5:#7d6a00;--c6:#b5472f;--c7:#7a808b}body{max-width:none;padding:0;font-size:11px}*{print-color-adjust:exact}h2{break-after:avoid}.plot,tr,details{break-inside:avoid}.wide{overflow:visible}th,td{padding:.2rem .35rem}}
</style>{{end}}`
