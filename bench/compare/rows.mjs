// What is measured. A row is a pair of sides that run in turns; `id` is what --rows filters and what the journal knows it by.

export const FORMATS = ["Q4_0", "Q4_1", "Q4_K_M", "Q8_0", "F16"];
/** Formats of the rows that give products inputs of one byte, as llama.cpp does, instead of two. */
export const ONE_BYTE_FORMATS = ["Q4_0", "Q4_1", "Q8_0"];
export const POLICIES = ["sage-kv", "h2o", "snapkv"];
const KEEPS = [25, 10];

/** Decoded steps of one run: fewer where a step takes longer. */
const steps = (depth, sequences) => sequences > 1 ? 32 : depth > 0 ? 64 : 128;

function speed(metric, format, { tokens, depth = 0, sequences = 1, cache = "full", keep = 100, activations = 16 }) {
    const row = { kind: "peer", metric, format, tokens, depth, sequences, cache, keep, activations };
    row.id = [
        metric, format, metric === "prefill" ? tokens : `depth-${depth}`, sequences > 1 ? `${sequences}-sequences` : "", cache, `${keep}%`,
        activations === 8 ? "one byte" : "",
    ].filter(Boolean).join(" ");
    return row;
}

const decode = (format, depth, more = {}) => speed("decode", format, { depth, tokens: steps(depth, more.sequences ?? 1), ...more });

const guided = row => POLICIES.flatMap(cache => KEEPS.map(keep => row({ cache, keep })));

/** Two of our own configurations in turns; `base` and `other` override what the row says. */
function own(kind, id, row, base, other) {
    return { ...row, kind, id: `${kind} ${id}`, base, other };
}

function* againstPeer() {
    for (const format of FORMATS) {
        for (const tokens of [512, 2048]) {
            yield speed("prefill", format, { tokens });
            if (ONE_BYTE_FORMATS.includes(format)) yield speed("prefill", format, { tokens, activations: 8 });
        }
        for (const depth of [0, 2048, 8000]) {
            yield decode(format, depth);
            if (format === "Q4_0" && depth > 0) yield* guided(more => decode(format, depth, more));
        }
    }
    for (const sequences of [4, 8]) {
        for (const depth of [512, 2048]) {
            yield decode("Q4_0", depth, { sequences });
            yield* guided(more => decode("Q4_0", depth, { sequences, ...more }));
        }
    }
    yield* oneByteBatches();
}

/** Products with many rows are bound by multiplying, in a batch as in a prompt. */
function* oneByteBatches() {
    const row = more => decode("Q4_0", 2048, { sequences: 8, activations: 8, ...more });
    yield row({});
    for (const cache of POLICIES) yield row({ cache, keep: 25 });
}

function* managed() {
    for (const format of FORMATS) {
        for (const row of [speed("prefill", format, { tokens: 512 }), decode(format, 0)])
            yield own("managed", row.id, row, {}, { env: { WINNOW_JIT: "0" } });
    }
}

/** The cache of a quarter of 8,000 tokens holds 2,000 entries, as many as a full cache at depth 2,000: what is left between them is the policy's own work. */
function* overheads() {
    for (const cache of POLICIES) {
        const prefill = speed("prefill", "Q4_0", { tokens: 2048, cache, keep: 25 });
        yield own("overhead", prefill.id, prefill, { cache: "full", keep: 100 }, {});
        const row = decode("Q4_0", 8000, { cache, keep: 25 });
        yield own("overhead", row.id, row, { cache: "full", keep: 100, depth: 2000 }, {});
    }
}

/** All rows, in an order that lets the peer keep what it has read. */
export function allRows() {
    return [
        { kind: "bandwidth", id: "bandwidth" },
        ...againstPeer(),
        ...managed(),
        ...overheads(),
        ...FORMATS.map(format => ({ kind: "start", id: `start ${format}`, format })),
        { kind: "start", id: "start nano", format: "nano" },
        { kind: "perplexity", id: "perplexity", format: "Q4_0" },
    ];
}

/** A few rows of every kind, to see that all of it works; what they measure is worth little. */
export function quickRows() {
    const wanted = new Set([
        "bandwidth",
        "prefill Q4_0 512 full 100%", "prefill Q4_0 512 full 100% one byte", "decode Q4_0 depth-0 full 100%", "decode Q4_0 depth-2048 snapkv 25%",
        "decode Q4_0 depth-512 4-sequences full 100%", "managed prefill Q4_0 512 full 100%", "overhead prefill Q4_0 2048 snapkv 25%",
        "start Q4_0", "start nano",
    ]);
    return allRows().filter(row => wanted.has(row.id));
}
