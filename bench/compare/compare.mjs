// Measures winnow beside llama.cpp; `run` installs and builds, then starts this. README.md says what is measured and how.
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { cpus, release, type } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writePage } from "./page.mjs";
import { allRows, FORMATS, quickRows } from "./rows.mjs";
import { Peer, Unavailable, Winnow, runToEnd } from "./sides.mjs";
import { median } from "./statistics.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const work = join(root, "artifacts/compare"), bin = join(root, "src/Winnow.Cli/bin/Release/net10.0"), program = join(bin, "winnow");
const shared = process.env.WINNOW_SHARED ?? join(root, "../shared");

const HELP = `usage: bench/compare/run [options]

  --runs N        runs of each row (10; 2 with --quick)
  --rows FILTER   only rows whose name contains FILTER; several with commas; --list shows the names
  --model FILE    GGUF model to quantise and measure (models/SmolLM2-135M-Instruct.Q4_1.gguf in the shared folder)
  --threads N     threads of both sides (2)
  --output DIR    where speed.md and speed.json go (docs/results; artifacts/compare/quick with --quick)
  --quick         a few rows, to see that all of it works
  --fresh         makes the format files and measures again, whatever an interrupted run has left
  --list          lists the rows`;

const hash = data => createHash("sha256").update(data).digest("hex");

function readOptions() {
    const string = { type: "string" }, flag = { type: "boolean", default: false };
    const { values } = parseArgs({ options: {
        runs: string, rows: string, model: string, threads: { type: "string", default: "2" }, output: string, quick: flag, fresh: flag, list: flag, help: flag,
    } });
    if (values.help) {
        console.log(HELP);
        process.exit(0);
    }
    const number = (name, text) => {
        if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} is '${text}'; it must be a whole number above 0`);
        return Number(text);
    };
    const filters = values.rows?.split(",").map(text => text.trim());
    return {
        ...values,
        runs: number("runs", values.runs ?? (values.quick ? "2" : "10")),
        threads: number("threads", values.threads),
        model: resolve(values.model ?? join(shared, "models/SmolLM2-135M-Instruct.Q4_1.gguf")),
        output: resolve(values.output ?? (values.quick ? join(work, "quick") : join(root, "docs/results"))),
        rows: (values.quick ? quickRows() : allRows()).filter(row => !filters || filters.some(filter => row.id.includes(filter))),
    };
}

function known(file) {
    return { file, bytes: statSync(file).size, sha256: hash(readFileSync(file)) };
}

/** The format files, made once for each model. */
async function makeModels(options) {
    const source = known(options.model), folder = join(work, "models", source.sha256.slice(0, 12));
    if (options.fresh) rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const name = basename(options.model).replace(/\.gguf$/i, "").replace(/[.-](Q\d\w*|F16|BF16|F32)$/i, "");
    const models = { nano: known(join(bin, "nano.gguf")) };
    for (const format of FORMATS) {
        const file = join(folder, `${name}.${format}.gguf`);
        if (!existsSync(file)) await runToEnd(program, ["quantize", options.model, file, "--type", format]);
        models[format] = known(file);
    }
    return { source: { file: basename(options.model), sha256: source.sha256 }, models };
}

function describe(build) {
    const git = (...args) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8" }).trim();
    const cpuInfo = readFileSync("/proc/cpuinfo", "utf8");
    const flags = cpuInfo.match(/^flags\s*:\s*(.*)$/m)?.[1].split(" ") ?? [];
    return {
        // Of the kernel only the version: what follows names the build of whoever runs the machine.
        cpu: cpus()[0].model, processors: cpus().length, system: `${type()} ${release().match(/^\d+\.\d+/)?.[0] ?? ""}`.trim(),
        flags: flags.filter(flag => /^(avx|fma|f16c|vnni|amx)/.test(flag)),
        memory: Number(readFileSync("/proc/meminfo", "utf8").match(/^MemTotal:\s+(\d+)/m)[1]) * 1024,
        dotnet: execFileSync("dotnet", ["--version"], { encoding: "utf8" }).trim(), build,
        commit: git("rev-parse", "--short=12", "HEAD") + (git("status", "--porcelain", "--", ".", ":!docs/results") ? " with changes" : ""),
    };
}

/** Runs two sides in turns, A B A B. */
async function inTurns(sides, runs) {
    try {
        for (const side of sides) await side.ready();
        for (let run = 0; run < runs; run++) {
            for (const side of sides) {
                // Before the last run everything that a side needs is in memory.
                if (run === runs - 1) side.bytes = side.resident();
                await side.run();
            }
        }
        const results = [];
        for (const side of sides) results.push({ ...await side.finish(), resident: side.bytes });
        return results;
    } finally {
        for (const side of sides) await side.stop();
    }
}

async function measure(row, { options, models, peer }) {
    const { runs, threads } = options, file = models[row.format]?.file;
    const winnow = ({ env, ...changes } = {}) => new Winnow(program, { ...row, ...changes }, { file, threads, runs, env });
    switch (row.kind) {
        case "peer": {
            const [ours, other] = await inTurns([winnow(), peer.on(row, { file, threads })], runs);
            return { ours, peer: other };
        }
        case "managed":
        case "overhead": {
            if (row.kind === "managed" && !readFileSync(join(bin, "Winnow.Kernels.dll")).includes(Buffer.from("WINNOW_JIT", "utf16le")))
                throw new Unavailable("this build of winnow assembles no kernels");
            const [ours, other] = await inTurns([winnow(row.base), winnow(row.other)], runs);
            return { ours, other };
        }
        case "start": return start(row, file, options);
        case "bandwidth": {
            const sizes = [...FORMATS.map(format => Math.ceil(models[format].bytes / 2 ** 20)), 1024];
            const { output } = await runToEnd(program, ["bench", "--bandwidth", sizes.join(), "--threads", threads, "--runs", runs, "--json"]);
            const { results } = JSON.parse(output);
            return { far: results.at(-1), near: Object.fromEntries(FORMATS.map((format, index) => [format, results[index]])) };
        }
        case "perplexity": {
            const text = join(shared, "data/jargon.txt");
            if (!existsSync(text)) throw new Unavailable("the text is not in the shared folder");
            const score = async more => JSON.parse((await runToEnd(
                program, ["perplexity", "--model", file, "--file", text, "--windows", 8, "--threads", threads, "--json", ...more])).output).perplexity;
            return { fast: await score([]), byte: await score(["--activations", 8]), exact: await score(["--float-activations"]) };
        }
    }
}

/** From the start of the process to the first token, both sides in turns. */
async function start(row, file, { runs, threads }) {
    const ours = [], other = [];
    for (let run = -1; run < runs; run++) {
        const { milliseconds } = await runToEnd(program, ["run", "--model", file, "--raw", "--prompt", "The", "--max-tokens", 1, "--threads", threads]);
        if (run >= 0) ours.push(milliseconds);
        if (row.format === "nano") continue;
        const started = performance.now(), peer = new Peer(join(work, "peer"));
        try {
            await peer.ask("load", { file });
            await peer.ask("prepare", { depth: 0, room: 256, sequences: 1, threads });
            await peer.ask("prefill", { count: 1 });
            if (run >= 0) other.push(performance.now() - started);
        } finally {
            peer.close();
        }
    }
    return { ours, peer: other };
}

async function main() {
    const options = readOptions();
    if (options.list) return void options.rows.forEach(row => console.log(row.id));
    if (options.rows.length === 0) throw new Error(`no row's name contains '${process.argv.join(" ").match(/--rows[ =](\S+)/)?.[1]}'; --list shows the names`);
    if (!existsSync(options.model)) throw new Error(`${options.model}: there is no such model; name one with --model FILE`);
    const assemblies = readdirSync(bin).filter(name => /^Winnow.*\.dll$/.test(name)).sort();
    const build = hash(assemblies.map(name => hash(readFileSync(join(bin, name)))).join()).slice(0, 12);
    const { source, models } = await makeModels(options);
    const machine = describe(build), peer = new Peer(join(work, "peer"));
    process.on("exit", () => peer.kill());
    // Figures of another build, file, machine or number of runs are none of this page's.
    // How the peer is asked is part of the setting as well: rows of two ways do not belong on one page.
    const scripts = ["peer.mjs", "sides.mjs", "package.json"].map(name => hash(readFileSync(new URL(name, import.meta.url))));
    const setting = hash(JSON.stringify([build, scripts, Object.values(models).map(model => model.sha256), machine.cpu, options.runs, options.threads])).slice(0, 12);
    const journal = join(work, `${options.quick ? "quick-" : ""}${setting}.jsonl`);
    if (options.fresh) rmSync(journal, { force: true });
    const lines = existsSync(journal) ? readFileSync(journal, "utf8").split("\n").filter(Boolean) : [];
    const results = new Map(lines.map(line => JSON.parse(line)).map(result => [result.id, result]));
    await peer.ask("load", { file: models.Q4_0.file });
    await peer.ask("prepare", { depth: 1, room: 256, sequences: 1, threads: options.threads });
    const page = { options, source, models, machine: { ...machine, peer: await peer.ask("about") }, results };
    mkdirSync(options.output, { recursive: true });
    for (const [index, row] of options.rows.entries()) {
        const head = `${index + 1}/${options.rows.length} ${row.id}`;
        if (results.has(row.id)) {
            console.error(`${head}: measured before`);
            continue;
        }
        let result = { id: row.id, row, at: new Date().toISOString() };
        try {
            result = { ...result, ...await measure(row, { options, models, peer }) };
        } catch (error) {
            result.problem = error instanceof Unavailable ? `not available: ${error.message}` : `failed: ${error.message}`;
        }
        results.set(row.id, result);
        // A row that failed is tried again by the next run.
        if (!result.problem) appendFileSync(journal, JSON.stringify(result) + "\n");
        console.error(`${head}: ${result.problem ?? brief(result)}`);
        writePage(page);
    }
    writePage(page);
    peer.close();
    console.log(join(options.output, "speed.md"));
}

function brief({ row, ours, peer, other }) {
    const second = peer ?? other;
    if (!ours?.runs || !second?.runs) return "measured";
    return `${median(ours.runs).toFixed(1)} · ${median(second.runs).toFixed(1)} tokens/s`;
}

main().catch(error => {
    console.error(`bench/compare/run: ${error.message}`);
    process.exit(2);
});
