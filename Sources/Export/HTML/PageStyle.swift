// The look of the HTML page: one style sheet, no other file, no script.
// Colours are variables, so that dark and print only name other values. The marks' colours are those of Okabe
// and Ito (2008), which people with a colour-vision deficiency can tell apart, lightened for the dark page.

/// The style sheet.
enum PageStyle {
  static let sheet: StaticString = """
    :root{color-scheme:light dark;--page:#fff;--ink:#1a1d21;--soft:#565d66;--rule:#d5d9de;--grid:#e6e9ec;
    --panel:#f5f6f8;--link:#0a58a6;--warn:#8a4b00;--bad:#a8231c;--s0:#0072b2;--s1:#c04d00;--s2:#00795a;
    --s3:#8a6500;--s4:#a2477a;--s5:#3f7fa8;--roof:#3b4148;--box0:#eef2f6;--box1:#fdf3e1;--box2:#e5f1ea;
    --box3:#e4edf7;--box4:#f1eaf4;--pu:#fff;--band:#e3e6ea}
    @media (prefers-color-scheme:dark){:root{--page:#14171a;--ink:#e8eaed;--soft:#a9b1ba;--rule:#3b424a;
    --grid:#2a3036;--panel:#1c2024;--link:#7db8f0;--warn:#f0b35a;--bad:#ff8a80;--s0:#56b4e9;--s1:#ff9248;
    --s2:#3fcf9f;--s3:#f0d24a;--s4:#e79ac4;--s5:#9ccbe8;--roof:#c3cad2;--box0:#1d2329;--box1:#33291a;
    --box2:#1a2f26;--box3:#1b2a3b;--box4:#2e2434;--pu:#14171a;--band:#2c333a}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
    body{margin:0 auto;padding:1.5rem 1.5rem 4rem;max-width:70rem;background:var(--page);color:var(--ink);
    font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;
    overflow-wrap:break-word}
    h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem}
    h2{font-size:1.3rem;margin:2.75rem 0 .5rem;padding-top:.75rem;border-top:2px solid var(--rule)}
    h3{font-size:1.05rem;margin:1.75rem 0 .4rem}
    p{margin:.5rem 0}a{color:var(--link)}
    .sub,figcaption,.note,caption{color:var(--soft)}
    .sub{margin:0}.note{font-size:.9rem}
    .answer{background:var(--panel);border-left:4px solid var(--s0);padding:.75rem 1rem;margin:1rem 0}
    .answer p{margin:.3rem 0}
    nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;margin:1rem 0}
    nav a{display:inline-block;padding:.15rem 0}
    figure{margin:1rem 0 1.75rem}figcaption{font-size:.92rem;margin-bottom:.4rem}
    figcaption b{color:var(--ink);display:block;font-size:1rem}
    svg{display:block;width:100%;height:auto}.wide{max-width:60rem}.band{fill:var(--band);stroke:none}
    svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;
    fill:var(--ink)}
    svg text.t{fill:var(--soft)}svg text.h{font-weight:600}svg text.v{font-variant-numeric:tabular-nums}
    svg text.halo{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
    .g{stroke:var(--grid);stroke-width:1;fill:none}.x{stroke:var(--soft);stroke-width:1;fill:none}
    .one{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:4 3;fill:none}
    .roof{stroke:var(--roof);stroke-width:1.8;fill:none}.roof.weak{stroke-dasharray:6 4}
    .tie{stroke:var(--soft);stroke-width:1;opacity:.55;fill:none}
    .m0{fill:var(--s0);stroke:var(--s0)}.m1{fill:var(--s1);stroke:var(--s1)}.m2{fill:var(--s2);stroke:var(--s2)}
    .m3{fill:var(--s3);stroke:var(--s3)}.m4{fill:var(--s4);stroke:var(--s4)}.m5{fill:var(--s5);stroke:var(--s5)}
    .mn{fill:var(--soft);stroke:var(--soft)}
    .open{fill:var(--page)}.bar{stroke-width:2;fill:none}.curve{stroke-width:2;fill:none}
    .broken{stroke-dasharray:6 4}
    .dots{fill:none;stroke-width:3.4;stroke-linecap:round;opacity:.75}
    .med{fill:none;stroke-width:2.4;stroke-linecap:butt}
    .narrow{display:none}
    .scroll{overflow-x:auto;max-width:100%}
    table{border-collapse:collapse;font-size:.88rem;width:100%}
    caption{text-align:left;padding:.3rem 0;font-size:.92rem}
    th,td{padding:.25rem .6rem;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
    th{font-weight:600}thead th{border-bottom:2px solid var(--rule);vertical-align:bottom}
    .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
    tbody th{font-weight:500}tbody .group th{font-weight:600;padding-top:.7rem}
    p.bad,li.bad{border-left:4px solid var(--bad);padding-left:.6rem}ul.warn,ul.note{padding-left:1.2rem}
    .bad{color:var(--bad);font-weight:600}.warn{color:var(--warn)}
    details{margin:.75rem 0}summary{cursor:pointer;color:var(--link);padding:.25rem 0}
    code{font:.9em ui-monospace,"SFMono-Regular",Menlo,Consolas,"Liberation Mono",monospace}
    .topo,.topo ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.4rem}
    .topo li{border:1px solid var(--soft);border-radius:4px;padding:.3rem .45rem .45rem;background:var(--box0);
    font-size:.82rem;line-height:1.35;flex:0 1 auto}
    .topo .wide-box{flex:1 1 auto}
    .topo span{display:block;margin-bottom:.25rem}.topo li.leaf span{margin:0}
    .topo .numa{background:var(--box1)}.topo .l3{background:var(--box2)}.topo .l2{background:var(--box3)}
    .topo .core{background:var(--box4)}.topo .pu{background:var(--pu);padding:.1rem .4rem}
    .topo .off{border-style:dashed;color:var(--soft)}
    .topo .measured{border-color:var(--ink);outline:1px solid var(--ink);font-weight:600}
    .topo .more{border-style:dotted;background:none;align-self:center}
    .key{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none;margin:.2rem 0 .3rem;padding:0;
    font-size:.88rem}
    .key svg{display:inline-block;width:16px;height:12px;margin-right:.35rem;vertical-align:baseline}
    .numbers{columns:17rem;column-gap:1.5rem;padding-left:2.4rem;margin:.3rem 0;font-size:.85rem}
    @media (max-width:60rem){.extra{display:none}}
    @media (max-width:47.5rem){body{padding:1rem 1rem 3rem}.wide{display:none}
    .narrow{display:block;max-width:35rem}h1{font-size:1.4rem}th,td{padding:.25rem .35rem}
    table{font-size:.82rem}
    .stack tr{display:flex;flex-wrap:wrap;border-bottom:1px solid var(--rule)}
    .stack th,.stack td{flex:1 1 0;border:0;min-width:0;white-space:normal}
    .stack th:first-child{flex:0 0 100%;padding-bottom:0}}
    @media print{:root{color-scheme:light;--page:#fff;--ink:#000;--soft:#444;--rule:#bbb;--grid:#ddd;
    --panel:#f5f5f5;--link:#000;--warn:#6b3a00;--bad:#8c1a14;--s0:#0072b2;--s1:#c04d00;--s2:#00795a;
    --s3:#8a6500;--s4:#a2477a;--s5:#3f7fa8;--roof:#222;--box0:#eef2f6;--box1:#fdf3e1;--box2:#e5f1ea;
    --box3:#e4edf7;--box4:#f1eaf4;--pu:#fff;--band:#e3e6ea}
    body{max-width:none;padding:0;font-size:10.5pt}nav{display:none}figure,tr,.topo li{break-inside:avoid}
    h2,h3,caption{break-after:avoid}.scroll{overflow:visible}
    *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
    """

  /// What a drawing needs in a file of its own: the light colours, written out.
  static let drawing: StaticString = """
    text{font:12px "Noto Sans","Liberation Sans",sans-serif;fill:#1a1d21}text.t{fill:#565d66}
    .g{stroke:#e6e9ec;stroke-width:1;fill:none}.x{stroke:#565d66;stroke-width:1;fill:none}
    .tie{stroke:#565d66;stroke-width:1;opacity:.55;fill:none}
    .m0{fill:#0072b2;stroke:#0072b2}.m1{fill:#c04d00;stroke:#c04d00}.m2{fill:#00795a;stroke:#00795a}
    .m3{fill:#8a6500;stroke:#8a6500}.m4{fill:#a2477a;stroke:#a2477a}.m5{fill:#3f7fa8;stroke:#3f7fa8}
    .open{fill:#fff}.bar{stroke-width:2;fill:none}.broken{stroke-dasharray:6 4}
    """
}
