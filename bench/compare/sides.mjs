// The two programs, each ready to run one measurement when asked. Loading, reading up to the depth and a run to warm up come before.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Something that a row cannot be measured for; the sentence stands in the page. */
export class Unavailable extends Error {}

/** Resident memory of a process in bytes, mapped weights included. */
function resident(pid) {
    const line = readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+) kB$/m);
    return line ? Number(line[1]) * 1024 : 0;
}

/** One `winnow bench --step`: a process that lives for one row. */
export class Winnow {
    #child; #output = ""; #errors = []; #waiting; #closed; #row; #runs; #done = 0;

    constructor(program, row, { file, threads, runs, env = {} }) {
        this.#row = row;
        this.#runs = runs;
        const prefill = row.metric === "prefill";
        const options = [
            "bench", "--model", file, "--threads", threads, "--depth", row.depth, "--runs", runs, "--step", "--json",
            "--prompt-tokens", prefill ? row.tokens : 1, "--gen-tokens", prefill ? 1 : row.tokens,
            ...(row.sequences > 1 ? ["--sequences", row.sequences] : []),
            ...(row.activations === 16 ? [] : ["--activations", row.activations]),
            ...(row.cache === "full" ? [] : ["--cache", row.cache, "--keep", `${row.keep}%`]),
        ].map(String);
        this.#child = spawn(program, options, { env: { ...process.env, ...env }, stdio: "pipe" });
        this.#child.stdin.on("error", () => {});
        this.#child.stdout.on("data", text => { this.#output += text; });
        createInterface({ input: this.#child.stderr }).on("line", line => this.#hear(line));
        this.#closed = new Promise(resolve => this.#child.on("close", code => {
            this.#waiting?.reject(this.#failure(code));
            resolve(code);
        }));
    }

    get pid() { return this.#child.pid; }

    async ready() {
        if (this.#row.metric === "decode") {
            await this.#until("prefill 0");
            this.#child.stdin.write("\n".repeat(this.#runs));
        }
        await this.#until(`${this.#row.metric} 0`);
    }

    async run() {
        this.#child.stdin.write("\n");
        await this.#until(`${this.#row.metric} ${++this.#done}`);
    }

    resident() { return resident(this.pid); }

    /** Ends the process. @returns all runs and bytes that a token reads. */
    async finish() {
        this.#child.stdin.end();
        const code = await this.#closed;
        if (code !== 0) throw this.#failure(code);
        const [result] = JSON.parse(this.#output).results;
        return { runs: result[`${this.#row.metric}_runs`], bytesPerToken: result.bytes_per_token };
    }

    async stop() {
        this.#child.kill("SIGKILL");
        await this.#closed;
    }

    #hear(line) {
        this.#errors.push(line);
        if (this.#waiting && line.startsWith(`${this.#waiting.text} of `)) {
            this.#waiting.resolve();
            this.#waiting = undefined;
        }
    }

    #until(text) {
        if (this.#errors.some(line => line.startsWith(`${text} of `))) return Promise.resolve();
        if (this.#child.exitCode !== null) return Promise.reject(this.#failure(this.#child.exitCode));
        return new Promise((resolve, reject) => { this.#waiting = { text, resolve, reject }; });
    }

    #failure(code) {
        const said = this.#errors.find(line => line.startsWith("winnow:")) ?? `winnow ended with code ${code}`;
        return said.includes("is not an option") ? new Unavailable("this build of winnow has no such option") : new Error(said);
    }
}

/** llama.cpp in a process that lives for all rows and keeps what it has read between them. */
export class Peer {
    #child; #answers = []; #file;

    constructor(folder) {
        this.#child = spawn(process.execPath, [fileURLToPath(new URL("peer.mjs", import.meta.url)), folder], {
            // With more threads of node, each batch is computed on another one, and llama.cpp decodes at a third of the speed of its own programs.
            env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
            stdio: ["pipe", "pipe", "inherit"],
        });
        createInterface({ input: this.#child.stdout }).on("line", line => {
            const answer = JSON.parse(line), { resolve, reject } = this.#answers.shift();
            if (answer.error) reject(new Error(`llama.cpp: ${answer.error}`));
            else resolve(answer);
        });
        this.#child.on("close", code => this.#answers.splice(0).forEach(({ reject }) => reject(new Error(`llama.cpp ended with code ${code}`))));
    }

    ask(op, more = {}) {
        return new Promise((resolve, reject) => {
            this.#answers.push({ resolve, reject });
            this.#child.stdin.write(JSON.stringify({ op, ...more }) + "\n");
        });
    }

    /** A side of a row. */
    on(row, { file, threads }) {
        const runs = [], once = async () => (await this.ask(row.metric, { count: row.tokens })).tokens_per_s;
        return {
            ready: async () => {
                if (this.#file !== file) await this.ask("load", { file });
                this.#file = file;
                // Nothing can be decoded without a token before it.
                const depth = row.metric === "decode" ? Math.max(1, row.depth) : row.depth;
                await this.ask("prepare", { depth, room: depth + row.tokens, sequences: row.sequences, threads });
                await once();
            },
            run: async () => { runs.push(await once()); },
            resident: () => resident(this.#child.pid),
            finish: async () => ({ runs }),
            stop: async () => {},
        };
    }

    close() { this.#child.stdin.end(); }

    kill() { this.#child.kill("SIGKILL"); }
}

/** Runs a program to its end. @returns output and wall time in ms. */
export function runToEnd(program, options, env = {}) {
    const started = performance.now();
    return new Promise((resolve, reject) => {
        const child = spawn(program, options.map(String), { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
        let output = "", errors = "";
        child.stdout.on("data", text => { output += text; });
        child.stderr.on("data", text => { errors += text; });
        child.on("error", reject);
        child.on("close", code => code === 0
            ? resolve({ output, milliseconds: performance.now() - started })
            : reject(new Error(errors.trim().split("\n").at(-1) || `${program} ended with code ${code}`)));
    });
}
