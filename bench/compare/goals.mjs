// The goals that were set for SmolLM2-135M, beside what was reached.
import { POLICIES } from "./rows.mjs";
import { median, ratios } from "./statistics.mjs";

const guided = (goal, depth, keep) => POLICIES.map(cache => ({
    text: `decode at ${depth.toLocaleString("en-US")}, ${cache} ${keep} %`, goal, id: `decode Q4_0 depth-${depth} ${cache} ${keep}%`,
}));

/** The goal is that of the default; what inputs of one byte reach stands below it. */
const both = (text, goal, id) => [{ text, goal, id }, { text: `${text}, with one-byte inputs`, goal, id: `${id} one byte` }];

const prefill = (goal, tokens, format) => both(`prefill ${tokens.toLocaleString("en-US")}, ${format}`, goal, `prefill ${format} ${tokens} full 100%`);

const batch = (goal, cache, keep) => both(
    `8 sequences at 2,048, ${cache === "full" ? "full cache" : `${cache} ${keep} %`}`, goal, `decode Q4_0 depth-2048 8-sequences ${cache} ${keep}%`);

const GOALS = [
    ...[["Q4_0", 1.35], ["Q4_K_M", 1.5], ["Q4_1", 1.9], ["Q8_0", 1.25]].flatMap(([format, goal]) => [
        { text: `decode at 0, ${format}`, goal, id: `decode ${format} depth-0 full 100%` },
        { text: `decode at 0, ${format}, of the read bandwidth`, goal: 85, unit: " %", id: `decode ${format} depth-0 full 100%`, value: shareOfBandwidth },
    ]),
    ...[["Q4_0", 1.8], ["Q8_0", 1.8], ["Q4_1", 4]].flatMap(([format, goal]) => prefill(goal, 512, format)),
    ...prefill(2.2, 2048, "Q4_0"),
    { text: "decode at 2,048, full cache", goal: 1.8, id: "decode Q4_0 depth-2048 full 100%" },
    { text: "decode at 8,000, full cache", goal: 2.2, id: "decode Q4_0 depth-8000 full 100%" },
    ...guided(4.5, 8000, 25),
    ...guided(6, 8000, 10),
    ...batch(3, "full", 100),
    ...POLICIES.flatMap(cache => batch(7, cache, 25)),
    {
        text: "perplexity of the fast path against f32 activations", goal: 0.5, unit: " %", most: true, id: "perplexity",
        value: ({ fast, exact }) => Math.abs(fast / exact - 1) * 100,
    },
    {
        text: "the same with one-byte inputs", goal: 0.5, unit: " %", most: true, id: "perplexity",
        value: ({ byte, exact }) => byte && Math.abs(byte / exact - 1) * 100,
    },
    { text: "`winnow run` to the first token, nano model", goal: 300, unit: " ms", most: true, id: "start nano", value: ({ ours }) => median(ours) },
];

/** Of a buffer that has the size of the file: where that fits a cache, memory is no limit. */
function shareOfBandwidth({ ours, row }, results) {
    const near = results.get("bandwidth")?.near?.[row.format];
    return near && median(ours.runs) * ours.bytesPerToken / near.gb_per_s / 1e7;
}

const ratio = ({ ours, peer }) => median(ratios(ours.runs, peer.runs));

/** Cells: goal, wanted, reached, and whether it was. */
export function goalRows(results) {
    return GOALS.map(({ text, goal, unit = "", most = false, id, value = ratio }) => {
        const wanted = `${most ? "≤" : "≥"} ${goal}${unit}`, result = results.get(id);
        if (!result) return [text, wanted, "not measured", ""];
        if (result.problem) return [text, wanted, result.problem, ""];
        const reached = value(result, results);
        if (reached === undefined) return [text, wanted, "not measured", ""];
        return [text, wanted, reached.toFixed(unit === " ms" ? 0 : 2) + unit, (most ? reached <= goal : reached >= goal) ? "yes" : "no"];
    });
}
