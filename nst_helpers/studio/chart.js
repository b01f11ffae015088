const LINES = [["content", "#0072b2", ""], ["style", "#d55e00", "7 3"], ["TV", "#cc79a7", "2 3"], ["total", "currentColor", ""]];

export default {
    render({ model, el: root }) {
        root.classList.add("nst-chart-box");
        follow(model, "value total", () => { root.innerHTML = drawing(model.get("value"), model.get("total")); }); // of numbers alone
    },
};

/** SVG of the losses on a logarithmic scale. `rows`: [step, content, style, TV, total]. */
function drawing(rows, total) {
    const [left, right, top, bottom, width, height] = [48, 64, 10, 30, 720, 190];
    const values = rows.flatMap(row => row.slice(1)).filter(value => value > 0 && Number.isFinite(value)).map(Math.log10);
    const high = values.length ? Math.ceil(Math.max(...values)) : 2;
    const low = Math.min(high - 1, Math.max(high - 5, values.length ? Math.floor(Math.min(...values)) : 0)); // one tiny loss must not flatten all others
    const last = Math.max(total, 2), x = step => left + (step - 1) / (last - 1) * (width - left - right);
    const y = level => top + (high - Math.max(low, level)) / (high - low) * (height - top - bottom);
    const parts = [];
    for (let power = low; power <= high; power++) {
        const name = power < -3 || power > 4 ? `1e${power}` : Number((10 ** power).toPrecision(1));
        parts.push(`<path d="M${left} ${y(power)}H${width - right}" stroke="currentColor" stroke-opacity=".18"/><text x="${left - 6}" y="${y(power) + 4}" text-anchor="end">${name}</text>`);
    }
    parts.push(`<text x="${left}" y="${height - 16}">1</text><text x="${width - right}" y="${height - 16}" text-anchor="end">${last}</text>`,
        `<text x="${(left + width - right) / 2}" y="${height - 4}" text-anchor="middle">step (across); weighted losses, logarithmic (up)</text>`);
    const names = [];
    LINES.forEach(([label, color, dash], column) => {
        const points = rows.filter(row => row[column + 1] > 0 && Number.isFinite(row[column + 1])).map(row => [x(row[0]), y(Math.log10(row[column + 1]))]);
        if (!points.length) return;
        const look = `stroke="${color}" stroke-width="${label === "total" ? 1 : 2}" stroke-dasharray="${dash}" fill="none"`;
        parts.push(`<polyline points="${points.map(at => at.map(n => n.toFixed(1)).join(",")).join(" ")}" ${look}/>`);
        names.push({ label, look, at: points.at(-1)[1] });
    });
    names.sort((a, b) => a.at - b.at).forEach((name, n) => { if (n) name.at = Math.max(name.at, names[n - 1].at + 13); }); // labels keep apart
    const over = Math.max(0, (names.at(-1)?.at ?? 0) - (height - bottom));
    for (const { label, look, at } of names)
        parts.push(`<path d="M${width - right + 4} ${at - over}h14" ${look}/><text x="${width - right + 22}" y="${at - over + 4}">${label}</text>`);
    const said = rows.length ? LINES.map(([label], n) => `${label} ${Number(rows.at(-1)[n + 1]).toPrecision(3)}`).join(", ") : "none yet";
    return `<svg class="nst-chart" role="img" aria-label="losses: ${said}" viewBox="0 0 ${width} ${height}" fill="currentColor" font-size="11">${parts.join("")}</svg>`;
}
