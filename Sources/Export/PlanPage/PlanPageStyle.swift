// What the page of a plan adds to the common style sheet: tiles of figures, wide tables in boxes of their
// own on a phone, and paper of the size A4.

/// The additional style sheet.
enum PlanPageStyle {
  static let sheet: StaticString = """
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.6rem,1fr));gap:.6rem;margin:1rem 0}
    .tiles div{border:1px solid var(--rule);border-radius:6px;padding:.5rem .7rem;background:var(--page)}
    .tiles dt{color:var(--soft);font-size:.82rem}.tiles dd{margin:0;font-size:1.3rem;font-weight:600;
    line-height:1.3;font-variant-numeric:tabular-nums}.tiles dd small{display:block;font-weight:400;
    font-size:.8rem;color:var(--soft)}
    .lead p{font-size:1.05rem}.flat{stroke:none}h1{overflow-wrap:anywhere}
    .w{white-space:nowrap}.many thead .n,.some thead .n{white-space:normal}
    .last td:last-child{min-width:15rem}
    .many thead .n{min-width:4.2rem}.many tbody th{min-width:7.5rem}.long td:last-child{min-width:14rem}
    .long td,.long th{font-size:.82rem}
    .verdict{padding-left:1.2rem;margin:.5rem 0}.verdict li{margin:.3rem 0}
    @media (max-width:47.5rem){.many table{min-width:44rem}.some table{min-width:20rem}
    .many caption,.some caption{max-width:calc(100vw - 2.2rem)}
    .tiles{grid-template-columns:repeat(auto-fit,minmax(8.6rem,1fr))}.tiles dd{font-size:1.1rem}}
    @page{size:A4;margin:13mm}
    @media print{html{font-size:72%}body{font-size:9pt}.wide{display:block}.narrow{display:none}
    .many table,.some table{min-width:0;font-size:7.4pt}.many caption,.some caption{max-width:none}
    .many th,.many td,.some th,.some td{padding:.12rem .3rem}.long td,.long th{font-size:7pt}
    .long td:last-child,.last td:last-child,.many tbody th,.many thead .n{min-width:0}
    .answer,.tiles div{break-inside:avoid}h2{margin-top:1.6rem}.tiles dd{font-size:12pt}
    .tiles{grid-template-columns:repeat(3,1fr)}thead{display:table-header-group}}
    """
}
