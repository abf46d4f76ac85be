// What the report's page looks like, and how its table is sorted.
extension ConflictPage {
    static let style = """

        :root { --ground: #fff; --raised: #f6f7f9; --ink: #1b1f24; --faint: #5b6472; --line: #d7dbe0; --mark: #2f6fb3;
          --good: #1d6f42; --warning: #9a5b00; }
        @media (prefers-color-scheme: dark) {
          :root { --ground: #14171b; --raised: #1c2127; --ink: #e6e9ed; --faint: #9aa4b1; --line: #343b44; --mark: #6ea8e0;
            --good: #6cc795; --warning: #e2ac55; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; padding: 24px; background: var(--ground); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; }
        h1 { margin: 0 0 4px; font-size: 22px; }
        header p { margin: 0 0 20px; max-width: 100ch; color: var(--faint); }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(290px, 1fr)); gap: 16px; margin-bottom: 24px; }
        figure { margin: 0; padding: 12px 14px; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; }
        figcaption { margin-bottom: 8px; font-weight: 600; }
        svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
        svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
        svg text.number { fill: var(--faint); }
        svg .mark { fill: var(--mark); }
        svg .axis { stroke: var(--line); fill: none; }
        table { width: 100%; border-collapse: collapse; font-size: 13px; }
        th, td { padding: 6px 8px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
        td { overflow-wrap: anywhere; min-width: 16ch; }
        td.word { overflow-wrap: break-word; min-width: 12ch; }
        thead th { position: sticky; top: 0; background: var(--raised); white-space: nowrap; }
        th button { padding: 0; border: 0; background: none; color: inherit; font: inherit; font-weight: 600; cursor: pointer; }
        th[aria-sort=ascending] button::after { content: " \\2191"; }
        th[aria-sort=descending] button::after { content: " \\2193"; }
        td small { display: block; margin-top: 2px; color: var(--faint); font-size: 11.5px; }
        td.number { min-width: 0; white-space: nowrap; overflow-wrap: normal; font-variant-numeric: tabular-nums; }
        td:nth-child(3) { min-width: 22ch; }
        td.time { white-space: nowrap; overflow-wrap: normal; font-variant-numeric: tabular-nums; }
        td.none > bdi { color: var(--faint); font-style: italic; }
        td.stands > bdi { font-weight: 600; color: var(--good); }
        td.held > bdi { font-weight: 600; color: var(--warning); }
        @media print {
          :root { --ground: #fff; --raised: #fff; --ink: #000; --faint: #444; --line: #bbb; --mark: #555; --good: #000;
            --warning: #000; }
          @page { size: A4 landscape; margin: 12mm; }
          body { padding: 0; font-size: 10pt; }
          table { font-size: 8pt; }
          td small { font-size: 7pt; }
          td, td.word { min-width: 9ch; }
          td.time { white-space: normal; overflow-wrap: normal; min-width: 10ch; }
          td:nth-child(3) { min-width: 0; }
          thead th { position: static; }
          tr, figure { break-inside: avoid; }
          .charts { grid-template-columns: repeat(4, 1fr); gap: 3mm; }
          figure { padding: 2mm; }
          th button::after { content: none !important; }
          svg .mark { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        }

        """

    /// A click on a column's title sorts by it, another one turns it around.
    static let script = """

        for (const [column, head] of [...document.querySelectorAll("#conflicts th")].entries()) {
          head.querySelector("button").addEventListener("click", () => {
            const down = head.getAttribute("aria-sort") === "ascending";
            for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
            head.setAttribute("aria-sort", down ? "descending" : "ascending");
            const body = document.querySelector("#conflicts tbody");
            const key = row => row.children[column].dataset.key ?? row.children[column].textContent;
            const order = new Intl.Collator(undefined, { numeric: true }).compare;
            const rows = [...body.rows].map(row => [key(row), row]).sort((a, b) => order(a[0], b[0]));
            body.append(...(down ? rows.reverse() : rows).map(pair => pair[1]));
          });
        }

        """
}
