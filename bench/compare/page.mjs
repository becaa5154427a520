// Writes speed.md and speed.json from what has been measured so far.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { goalRows } from "./goals.mjs";
import { FORMATS } from "./rows.mjs";
import { median, quartiles, ratios } from "./statistics.mjs";

const NOTES = "\n## Notes\n";

const number = value => value >= 1000 ? Math.round(value).toLocaleString("en-US") : value >= 100 ? value.toFixed(0) : value.toFixed(1);
const spread = (runs, show = number) => `${show(median(runs))} (${quartiles(runs).map(show).join("–")})`;
const factor = value => value.toFixed(2);
const mebibytes = bytes => number(bytes / 2 ** 20);
const count = value => value.toLocaleString("en-US");
const percent = value => `${value > 0 ? "+" : ""}${value.toFixed(1)} %`;

function table(heads, rows) {
    return ["| " + heads.join(" | ") + " |", "|" + "---|".repeat(heads.length), ...rows.map(row => "| " + row.join(" | ") + " |")].join("\n");
}

/** Entries of speed.json: the rows against the peer, in tokens a second. */
export function entries(results) {
    return [...results.values()].filter(({ row, problem }) => row.kind === "peer" && !problem).map(({ row, ours, peer }) => {
        const pairs = ratios(ours.runs, peer.runs), round = value => Math.round(value * 1000) / 1000;
        const { metric, format, tokens, depth, sequences, cache, keep, activations } = row;
        return {
            metric, format, tokens, depth, sequences, cache, keep, ours: round(median(ours.runs)), peer: round(median(peer.runs)),
            ratio: round(median(pairs)), ratio_iqr: quartiles(pairs).map(round), ...(activations === 16 ? {} : { activations }),
        };
    });
}

function ratio(ours, others) {
    const pairs = ratios(ours, others);
    return `**${factor(median(pairs))}** (${quartiles(pairs).map(factor).join("–")})`;
}

const where = row => row.metric === "prefill" ? `prefill ${count(row.tokens)}` : `decode at ${count(row.depth)}`;
const cache = row => row.cache === "full" ? "full" : `${row.cache} ${row.keep} %`;

function peerTable(all, filter) {
    const rows = all.filter(({ row }) => row.kind === "peer" && filter(row));
    if (rows.length === 0) return "Not measured yet.";
    return table(["row", "format", "sequences", "cache", "winnow, tokens/s", "llama.cpp, tokens/s", "ratio"], rows.map(({ row, ours, peer, problem }) => [
        where(row), row.format, row.sequences, cache(row),
        ...problem ? [problem, "", ""] : [spread(ours.runs), spread(peer.runs), ratio(ours.runs, peer.runs)],
    ]));
}

function byteError(measured) {
    if (!measured?.byte) return "What that costs in perplexity is not measured yet.";
    const { byte, fast, exact } = measured, difference = value => `${value > exact ? "+" : ""}${((value / exact - 1) * 100).toFixed(2)} %`;
    return `Perplexity, Q4_0, against 32-bit floats: ${difference(byte)}; with two bytes ${difference(fast)}.`;
}

/** Decoding as a share of the read bandwidth: tokens/s times the bytes that a token reads. */
function bandwidth(all, measured) {
    if (!measured || measured.problem) return "Not measured yet.";
    const speed = ({ gb_per_s, spread }) => `${gb_per_s.toFixed(1)} (${spread.lower_quartile.toFixed(1)}–${spread.upper_quartile.toFixed(1)})`;
    const rows = all.filter(({ row, problem }) => row.kind === "peer" && row.metric === "decode" && row.sequences === 1 && row.cache === "full" && !problem);
    return `A buffer of 1 GiB, more than any cache holds, is read at ${speed(measured.far)} GB/s by all threads; one of the size of the file, again and again, `
        + "as the table says.\n\n"
        + table(["row", "format", "MiB a token", "winnow, GB/s", "buffer of the file's size, GB/s", "share", "share of 1 GiB", "llama.cpp, GB/s"],
            rows.map(({ row, ours, peer }) => {
                const rate = runs => median(runs) * ours.bytesPerToken / 1e9, share = limit => `${(rate(ours.runs) / limit.gb_per_s * 100).toFixed(0)} %`;
                const near = measured.near[row.format];
                return [
                    where(row), row.format, mebibytes(ours.bytesPerToken), rate(ours.runs).toFixed(1), speed(near), share(near), share(measured.far),
                    rate(peer.runs).toFixed(1),
                ];
            }));
}

function memory(all) {
    const rows = all.filter(({ row, problem }) => row.kind === "peer" && row.metric === "decode" && row.format === "Q4_0" && row.activations === 16 && !problem);
    return rows.length === 0 ? "Not measured yet." : table(["row", "sequences", "cache", "winnow, MiB", "llama.cpp, MiB"], rows.map(({ row, ours, peer }) =>
        [where(row), row.sequences, cache(row), mebibytes(ours.resident), mebibytes(peer.resident)]));
}

function start(all) {
    const rows = all.filter(({ row }) => row.kind === "start");
    return rows.length === 0 ? "Not measured yet." : table(["file", "winnow, ms", "llama.cpp, ms"], rows.map(({ row, ours, peer, problem }) =>
        [row.format, ...problem ? [problem, ""] : [spread(ours), peer.length > 0 ? spread(peer) : ""]]));
}

function managed(all) {
    const rows = all.filter(({ row }) => row.kind === "managed");
    if (rows.length === 0) return "Not measured yet.";
    return table(["row", "format", "fast, tokens/s", "managed, tokens/s", "fast ÷ managed"], rows.map(({ row, ours, other, problem }) =>
        [where(row), row.format, ...problem ? [problem, "", ""] : [spread(ours.runs), spread(other.runs), ratio(ours.runs, other.runs)]]));
}

function overheads(all) {
    const rows = all.filter(({ row }) => row.kind === "overhead");
    if (rows.length === 0) return "Not measured yet.";
    return table(["policy", "per", "full, tokens/s", "policy, tokens/s", "overhead"], rows.map(({ row, ours, other, problem }) => {
        const extra = problem ? [] : ratios(ours.runs, other.runs).map(ratio => (ratio - 1) * 100);
        const found = problem
            ? [problem, "", ""]
            : [spread(ours.runs), spread(other.runs), `**${percent(median(extra))}** (${quartiles(extra).map(percent).join(" to ")})`];
        return [row.cache, row.metric === "prefill" ? "prefilled token" : "decoded token", ...found];
    }));
}

/** What people wrote below the figures stays when the figures change. */
function notes(path) {
    const page = existsSync(path) ? readFileSync(path, "utf8") : "", at = page.indexOf(NOTES);
    return at < 0 ? "" : page.slice(at);
}

function save(path, text) {
    writeFileSync(path + ".part", text);
    renameSync(path + ".part", path);
}

/** Writes both files. */
export function writePage({ options, source, models, machine, results }) {
    const all = [...results.values()], path = join(options.output, "speed.md");
    const memorySize = (machine.memory / 2 ** 30).toFixed(0), { peer } = machine;
    const binding = `through node-llama-cpp, node ${peer.node}; flash attention, f16 cache, batches of 512`;
    const text = `# Speed beside llama.cpp

Written by [bench/compare/run](../../bench/compare/README.md), which says how it measures: both sides in turns on the same file,
${options.threads} threads, ${options.runs} runs, median and, in brackets, lower and upper quartile. Ratios are winnow ÷ llama.cpp, pair by pair.
llama.cpp always keeps its full cache.

| | |
|---|---|
| machine | ${machine.cpu}, ${machine.processors} processors, ${memorySize} GiB, ${machine.system} |
| CPU flags | ${machine.flags.join(" ")} |
| winnow | commit ${machine.commit}, build ${machine.build}, .NET SDK ${machine.dotnet} |
| llama.cpp | release ${peer.release}, ${peer.backend}, ${binding} |
| model | ${source.file}, SHA-256 ${source.sha256.slice(0, 16)}…; the formats are made of it by \`winnow quantize\` |

${table(["format", "MiB", "SHA-256 begins"], FORMATS.map(format => [format, mebibytes(models[format].bytes), models[format].sha256.slice(0, 16)]))}

## Goals

${table(["goal", "wanted", "reached", ""], goalRows(results))}

## One sequence, full cache

${peerTable(all, row => row.sequences === 1 && row.cache === "full" && row.activations === 16)}

## One byte for the inputs of products

\`--activations 8\`: inputs of matrix products have one byte, as llama.cpp's have, instead of two. ${byteError(results.get("perplexity"))}

${peerTable(all, row => row.activations === 8)}

## Guided caches

${peerTable(all, row => row.sequences === 1 && row.cache !== "full")}

## Several sequences

Tokens/s are those of all sequences together.

${peerTable(all, row => row.sequences > 1 && row.activations === 16)}

## Bandwidth

${bandwidth(all, results.get("bandwidth"))}

## What a policy costs

Per prefilled token: a prompt of 2,048 tokens with the policy at 25 %, compression included, against the full cache. Per decoded token: the policy at
depth 8,000 with 25 % kept, 2,000 entries, against the full cache at depth 2,000: both read as many entries, so the rest is observing, choosing and evicting.
Positive: slower than the full cache.

${overheads(all)}

## Assembled kernels and the managed path

\`WINNOW_JIT=0\` turns the assembled kernels off.

${managed(all)}

## Start

From the start of the process to the first token of a prompt of one token, files in the system's cache. llama.cpp: the start of node and of the binding
included.

${start(all)}

## Resident memory

Of the process while it decodes, mapped weights included; Q4_0. llama.cpp's holds node and its binding.

${memory(all)}
`;
    save(path, text + notes(path));
    save(join(options.output, "speed.json"), "[\n" + entries(results).map(entry => "  " + JSON.stringify(entry)).join(",\n") + "\n]\n");
}
