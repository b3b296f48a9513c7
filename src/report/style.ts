/** For phones, screens and paper, light and dark; fonts are the reader's. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --dim: #5b6675; --paper: #fff; --soft: #f3f5f8; --line: #d5dbe3;
  --blue: #2559c0; --good: #12703c; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --dim: #9aa6b5; --paper: #14181f; --soft: #1e242d;
  --line: #36404d; --blue: #7fa8f5; --good: #6fd39a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: .5rem 0; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p { max-width: 46rem; } .dim, footer { color: var(--dim); font-size: .9rem; }
nav a { margin-right: 1rem; } a { color: var(--blue); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { background: var(--soft); } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: .82em ui-monospace, monospace; overflow-wrap: anywhere; }
.ok { color: var(--good); font-weight: 600; } .broken { color: var(--bad); font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: 1rem; }
article { border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; } article h3, article p { margin: 0; }
dl { display: grid; grid-template-columns: 1fr auto; gap: .15rem 1rem; margin: .6rem 0 0; font-size: .9rem; }
dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; } dt { color: var(--dim); }
.lives { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem; }
svg { width: 100%; max-width: 26rem; height: auto; } svg text { font: 13px system-ui, sans-serif; fill: var(--ink);
  text-anchor: middle; } svg .name { font-weight: 600; }
svg .call { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; font-size: 12px; }
svg .state { fill: var(--soft); stroke: var(--blue); stroke-width: 1.5; }
svg .final { fill: var(--paper); stroke: var(--ink); stroke-width: 2.5; }
svg .way { fill: none; stroke: var(--dim); stroke-width: 1.5; } svg .head { fill: var(--dim); }
svg.bar { display: block; width: 10rem; height: .8rem; } svg.bar .all { fill: var(--line); } svg.bar .part { fill: var(--blue); }
@media (max-width: 34rem) { th, td { padding: .3rem .4rem; font-size: .82rem; } svg.bar { width: 3rem; } }
@media print { :root { --ink: #000; --dim: #333; --paper: #fff; --soft: #eee; --line: #999; --blue: #123a8c; --good: #064d24;
  --bad: #8c1d18; } body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; } .wide { overflow: visible; }
  tr, article, .lives > * { break-inside: avoid; } h2, h3 { break-after: avoid; } }
`;
