// llama.cpp behind lines of JSON: one request a line on standard input, one answer a line on standard output.
// The binding's own queue and samplers are passed by: batches go straight to llama_decode, which is what llama-bench times as well.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder] = process.argv.slice(2);
const BATCH = 512;
const F16 = 1;

const { getLlama } = await import(pathToFileURL(resolve(folder, "node_modules/node-llama-cpp/dist/index.js")));
const llama = await getLlama({ gpu: false, build: "never", progressLogs: false, logLevel: "error" });

let model, context, tokens, read, shape;

/** Same kind of text on both sides: random ids of ordinary tokens. A small generator with a seed, so that runs are alike. */
function randomTokens(count, seed) {
    const vocabulary = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
    const types = model.fileInfo.metadata.tokenizer.ggml.token_type;
    const ordinary = [];
    for (let id = 0; id < vocabulary; id++) {
        if (!types || types[id] === 1) ordinary.push(id);
    }
    let state = seed >>> 0;
    return Uint32Array.from({ length: count }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return ordinary[Math.floor(state / 4294967296 * ordinary.length)];
    });
}

/** Lays tokens of one sequence on top of `from` cells; the logits of the last are computed. */
async function feed(sequence, from, ids) {
    for (let at = 0; at < ids.length; at += BATCH) {
        const part = ids.subarray(at, at + BATCH), last = at + part.length === ids.length;
        context.initBatch(part.length);
        context.addToBatch(sequence, from + at, part, Uint32Array.from(last ? [part.length - 1] : []));
        await context.decodeBatch();
    }
}

function cutTo(sequence, length) {
    if (!context.removeTokenCellsFromSequence(sequence, length, -1)) throw new Error(`cells after ${length} could not be removed`);
}

const requests = {
    /** Loads a model; the answer is the time in ms. */
    async load({ file }) {
        await context?.dispose();
        await model?.dispose();
        context = shape = undefined;
        const started = performance.now();
        model = await llama.loadModel({ modelPath: file, gpuLayers: 0, useMmap: true });
        return { load_ms: performance.now() - started };
    },

    /** Makes room for sequences and reads `depth` tokens into each, unless that is how things stand already. */
    async prepare({ depth, room, sequences, threads }) {
        const wanted = JSON.stringify({ room, sequences, threads });
        if (shape !== wanted) {
            await context?.dispose();
            const cells = Math.ceil(room / 256) * 256 * sequences;
            context = new llama._bindings.AddonContext(model._model, {
                contextSize: cells, batchSize: BATCH, sequences, flashAttention: true, threads, kvCacheKeyType: F16, kvCacheValueType: F16,
            });
            if (!await context.init()) throw new Error("the context could not be made");
            context.setThreads(threads);
            shape = wanted;
            read = new Array(sequences).fill(0);
            tokens = read.map((_, index) => randomTokens(room, index + 1));
        }
        for (let sequence = 0; sequence < sequences; sequence++) {
            if (read[sequence] > depth) cutTo(sequence, depth);
            else if (read[sequence] < depth) await feed(sequence, read[sequence], tokens[sequence].subarray(read[sequence], depth));
            read[sequence] = depth;
        }
        return {};
    },

    /** Times the reading of `count` tokens. */
    async prefill({ count }) {
        const started = performance.now();
        await feed(0, read[0], tokens[0].subarray(read[0], read[0] + count));
        const seconds = (performance.now() - started) / 1000;
        cutTo(0, read[0]);
        return { tokens_per_s: count / seconds };
    },

    /** Times `count` steps; each decodes one token of every sequence in one batch. */
    async decode({ count }) {
        const first = Uint32Array.from([0]), started = performance.now();
        for (let step = 0; step < count; step++) {
            context.initBatch(read.length);
            for (let sequence = 0; sequence < read.length; sequence++) {
                const at = read[sequence] + step;
                context.addToBatch(sequence, at, tokens[sequence].subarray(at, at + 1), first);
            }
            await context.decodeBatch();
        }
        const seconds = (performance.now() - started) / 1000;
        for (let sequence = 0; sequence < read.length; sequence++) cutTo(sequence, read[sequence]);
        return { tokens_per_s: count * read.length / seconds };
    },

    /** Which of the shipped back ends llama.cpp chose for this processor. */
    async about() {
        const maps = readFileSync("/proc/self/maps", "utf8");
        return {
            release: llama.llamaCppRelease.release,
            backend: [...new Set(maps.match(/libggml-cpu-\w+\.so/g) ?? [])].join(", "),
            node: process.version,
        };
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    const { op, ...rest } = JSON.parse(line);
    let answer;
    try {
        answer = await requests[op](rest);
    } catch (error) {
        answer = { error: String(error?.message ?? error) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
