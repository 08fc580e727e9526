"""The template of the report: one page without scripts, without anything from elsewhere."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fleet report: {{ r.fleet_id }}</title>
<style>
:root { color-scheme: light dark; --ink: light-dark(#1c2330, #e8ecf3); --soft: light-dark(#5b6575, #9aa5b8);
  --paper: light-dark(#f5f6f9, #12161d); --card: light-dark(#fff, #1a202a); --line: light-dark(#dfe3ea, #2d3543);
  --success: light-dark(#137a43, #56c98a); --warning: light-dark(#946200, #e0b04c); --error: light-dark(#b3261e, #ff8a80);
  --bar: light-dark(#2f6fde, #6da0ff); }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 1400px; margin: 0 auto; padding: 32px 20px 64px }
h1 { font-size: 26px; margin: 0; overflow-wrap: anywhere } h2 { font-size: 18px; margin: 36px 0 10px }
p { margin: 4px 0; color: var(--soft) }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin-top: 22px }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px }
.card b { display: block; font-size: 27px; line-height: 1.25; font-variant-numeric: tabular-nums }
.card span { color: var(--soft); font-size: 13px }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: 8px 10px; text-align: right; white-space: nowrap; border-top: 1px solid var(--line) }
thead th { border-top: 0; color: var(--soft); font-weight: 600; font-size: 13px }
th:first-child, td:first-child, .text { text-align: left }
td:first-child { white-space: normal; overflow-wrap: anywhere; min-width: 9em }
td.text { white-space: normal; overflow-wrap: anywhere; min-width: 12em }
.success { color: var(--success) } .warning { color: var(--warning) } .error { color: var(--error) }
td.success, td.warning, td.error { font-weight: 600 }
.meter { display: inline-block; width: 44px; height: 7px; border-radius: 4px; background: var(--line); margin-right: 8px;
  overflow: hidden; vertical-align: 1px }
.meter i { display: block; height: 100%; background: var(--bar) }
details { border-top: 1px solid var(--line); padding: 8px 14px } details:first-child { border-top: 0 }
summary { cursor: pointer; overflow-wrap: anywhere }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 8px 0; font: 13px/1.45 ui-monospace, monospace }
</style>
</head>
<body><main>
<h1>{{ r.fleet_id }}</h1>
<p>{{ r.timestamp }}{% if r.run_id %} · run {{ r.run_id }}{% endif %}
{% if r.status %} · <span class="{{ 'success' if r.status == 'completed' else 'warning' }}">{{ r.status }}</span>{% endif %}</p>
{% set s = r.fleet_summary %}
<div class="cards">
<div class="card"><span>Repositories</span><b>{{ s.total_repositories }}</b>
<span>{{ r.total_benchmarks or s.total_repositories }} benchmarks</span></div>
<div class="card"><span>Tests</span><b>{{ s.total_tests | thousands }}</b>
<span>{{ '%.1f' % s.avg_tests_per_repository }} per repository</span></div>
<div class="card"><span>Calls that succeeded</span><b class="{{ grade(s.success_rate) }}">{{ s.success_rate | percent }}</b>
<span>{{ s.total_succeeded | thousands }} of {{ s.total_tests | thousands }}{% if s.cached %}, {{ s.cached | thousands }} from the
cache{% endif %}</span></div>
{% if s.quality %}<div class="card"><span>Answers that are right</span>
<b class="{{ grade(s.quality.pass_rate) }}">{{ s.quality.pass_rate | percent }}</b>
<span>{{ s.quality.passed }} of {{ s.quality.scored }} scored</span></div>{% endif %}
<div class="card"><span>Cost</span><b>{{ s.total_cost | usd }}</b>
<span>{% if s.unpriced %}<span class="warning">without {{ s.unpriced | thousands }} answers of unknown price</span>{% else %}
{{ s.avg_cost_per_repository | usd }} per repository{% endif %}{% if s.judging %}, and {{ s.judging.cost_usd | usd }}
for the judge{% endif %}</span></div>
</div>
{% for one in r.warnings or [] %}<p class="warning">{{ one }}</p>{% endfor %}
{% for one in r.errors or [] %}<p class="error">
{{ one.repository_id or '' }} {{ one.target or '' }} {{ one.message }}</p>{% endfor %}

{% if r.target_breakdown %}
<h2>Models</h2>
<div class="scroll"><table><thead><tr><th>Target</th><th>Tests</th><th>Succeeded</th>
{% if s.quality %}<th>Right</th><th>Score</th>{% endif %}
<th>TTFT p50, p95</th><th>Between tokens</th><th>End to end</th><th>Tokens</th><th>Cost</th></tr></thead>
{% for t in r.target_breakdown.values() %}<tr><td>{{ t.target }}</td><td>{{ t.total_tests }}</td>
<td class="{{ grade(t.success_rate) }}">{{ t.success_rate | percent }}</td>
{% if s.quality %}<td>{% if t.quality %}<span class="meter"><i style="width:{{ (100 * t.quality.pass_rate) | round(1) }}%"></i>
</span>{{ t.quality.pass_rate | percent }}{% else %}–{% endif %}</td>
<td>{{ (t.quality.score if t.quality else none) | estimate }}</td>{% endif %}
<td>{{ t.latency | ms('ttft_ms', 'p50') }}, {{ t.latency | ms('ttft_ms', 'p95') }}</td>
<td>{{ t.latency | ms('itl_ms', 'p50') }}</td><td>{{ t.latency | ms('e2el_ms', 'p50') }}</td>
<td>{{ t.total_tokens | thousands }}</td><td>{{ t.total_cost | usd }}</td></tr>{% endfor %}
</table></div>
<p>Scores with 95 % intervals; medians of times (TTFT: also p95).
Latency is that of calls that succeeded, without retries. Definitions: docs/fleet-metrics.md.</p>
{% endif %}

{% if r.comparisons %}
<h2>Models compared on the same tests</h2>
<div class="scroll"><table><thead><tr><th>A</th><th class="text">B</th><th class="text">Measure</th>
<th>Tests</th><th>A − B</th><th>95 % interval</th><th>p, adjusted</th></tr></thead>
{% for c in r.comparisons %}<tr><td>{{ c.first }}</td><td class="text">{{ c.second }}</td>
<td class="text">{{ c.measure | measure }}</td>
<td>{{ c.tests }}</td><td>{{ c.difference | signed(c.measure) }}</td>
<td>{% if c.interval %}{{ c.interval[0] | signed(c.measure) }} …
{{ c.interval[1] | signed(c.measure) }}{% else %}–{% endif %}</td>
<td>{{ '–' if c.p_adjusted is none else '%.3f' % c.p_adjusted }}</td></tr>{% endfor %}
</table></div>
{% endif %}

{% for one in r.repository_results if one.results.sweep %}
{% if loop.first %}<h2>Sweeps</h2>{% endif %}
{% set w = one.results.sweep %}
<p>{{ one.repository_name }}{% if one.scenario %} / {{ one.scenario }}{% endif %} on {{ one.target or one.provider_name }}:
{% if w.knee is none %}no answer came{% else %}the knee is at {{ w.kind }} {{ '%g' % w.knee }}{% if not w.beyond %}, the highest
load that was tried{% endif %}{% endif %}</p>
<div class="scroll"><table><thead><tr><th>{{ w.kind }}</th><th>Tests</th><th>Succeeded</th><th>Requests/s</th><th>Response</th>
<th>TTFT p50</th><th>TTFT p95</th><th>Output tokens/s</th><th>Power</th></tr></thead>
{% for p in w.points %}<tr><td>{{ '%g' % p.load }}{% if p.load == w.knee %} (knee){% endif %}</td><td>{{ p.tests }}</td>
<td>{{ p.succeeded }}</td><td>{{ '%.2f' % p.requests_per_s }}</td>
<td>{% if p.response_ms is none %}–{% else %}{{ '%.1f' % p.response_ms }} ms{% endif %}</td>
<td>{{ p.latency | ms('ttft_ms', 'p50') }}</td><td>{{ p.latency | ms('ttft_ms', 'p95') }}</td>
<td>{% if p.latency and p.latency.output_tokens_per_s %}{{ '%.1f' % p.latency.output_tokens_per_s }}{% else %}–{% endif %}</td>
<td>{% if p.power is none %}–{% else %}{{ '%.3g' % p.power }}{% endif %}</td></tr>{% endfor %}</table></div>
{% endfor %}

<h2>Durations</h2>
<div class="scroll"><table><thead><tr><th>Average</th><th>P50</th><th>P95</th><th>P99</th><th>Least</th><th>Most</th>
<th>Tokens</th><th>Tokens per request</th></tr></thead>
<tr><td>{{ s.avg_duration_ms | time }}</td><td>{{ s.p50_duration_ms | time }}</td>
<td>{{ s.p95_duration_ms | time }}</td><td>{{ s.p99_duration_ms | time }}</td>
<td>{{ s.min_duration_ms | time }}</td><td>{{ s.max_duration_ms | time }}</td><td>{{ s.total_tokens | thousands }}</td>
<td>{{ '%.1f' % s.avg_tokens_per_request }}</td></tr></table></div><p>Of all tests, failures too.</p>

<h2>Providers</h2>
<div class="scroll"><table><thead><tr><th>Provider</th><th>Benchmarks</th><th>Tests</th><th>Succeeded</th>
<th>Cost</th></tr></thead>
{% for name, p in r.provider_breakdown | dictsort %}<tr><td>{{ name }}</td><td>{{ p.repository_count }}</td>
<td>{{ p.total_tests }}</td><td class="{{ grade(p.success_rate) }}">{{ p.success_rate | percent }}</td>
<td>{{ p.total_cost | usd }}</td></tr>{% endfor %}</table></div>

{% set best, worst = r.best_repository(), r.worst_repository() %}
{% if best and worst and best.results.summary.success_rate > worst.results.summary.success_rate %}
<h2>Best and worst</h2>
<div class="scroll"><table><thead><tr><th></th><th class="text">Repository</th><th class="text">Target</th>
<th>Succeeded</th></tr></thead>
{% for word, one in (('Best', best), ('Worst', worst)) %}<tr><td>{{ word }}</td>
<td class="text">{{ one.repository_name }}</td><td class="text">{{ one.target or one.provider_name }}</td>
<td class="{{ grade(one.results.summary.success_rate) }}">{{ one.results.summary.success_rate | percent }}</td></tr>{% endfor %}
</table></div>{% endif %}

{% set failing = r.failing_repositories(0.9) %}{% if failing %}
<h2>Below 90 %</h2><div class="scroll"><table><thead><tr><th>Repository</th><th class="text">Target</th><th>Succeeded</th>
<th class="text">First error</th></tr></thead>
{% for one in failing %}<tr><td>{{ one.repository_name }}</td><td class="text">{{ one.target or one.provider_name }}</td>
<td class="{{ grade(one.results.summary.success_rate) }}">{{ one.results.summary.success_rate | percent }}</td>
<td class="text">{{ first_error(one) | truncate(160) }}</td>
</tr>{% endfor %}</table></div>{% endif %}

<h2>Tests</h2>
<div class="scroll">
{% for one in r.repository_results %}<details><summary>{{ one.repository_name }}
{% if one.scenario %} / {{ one.scenario }}{% endif %}
 on {{ one.target or one.provider_name }}:
 {{ one.results.summary.succeeded }} of {{ one.results.summary.total }} calls succeeded
{%- if one.results.summary.quality %}, {{ one.results.summary.quality.passed }} of
 {{ one.results.summary.quality.scored }} answers right{% endif %}</summary>
{% for t in one.results.results[:most] %}<details><summary>
<span class="{{ mark(t) }}">{{ t.status }}{% if t.passed is not none %},
{{ 'right' if t.passed else 'wrong' }}{% endif %}</span> {{ t.test_id }}{% if t.repeat %} #{{ t.repeat }}{% endif %}
 · {{ t.duration_ms }} ms</summary>
{% if t.prompt %}<p>Prompt</p><pre>{{ t.prompt | truncate(2000) }}</pre>{% endif %}
{% if t.response %}<p>Answer</p><pre>{{ t.response.content | truncate(4000) }}</pre>{% endif %}
{% if t.error %}<p class="error">{{ t.error }}</p>{% endif %}
{% for c in t.scores or [] %}<p>{{ c.type }}: {{ 'passed' if c.passed else 'failed' }}{% if c.reason or c.error %}
 ({{ c.reason or c.error }}){% endif %}</p>{% endfor %}</details>{% endfor %}
{% if one.results.results | length > most %}<p>and {{ one.results.results | length - most }} more, in results.json</p>{% endif %}
</details>{% endfor %}</div>
</main></body></html>
"""
