/** Configuration files and command lines, against recorded startups of Redis. */

import { assertEquals } from "@std/assert";
import { latin1Bytes } from "../../src/base/bytes.ts";
import { absolutePath, parseCommandLine } from "../../src/config/command_line.ts";
import { type ConfActions, type ConfHost, loadConf } from "../../src/config/conf_file.ts";
import { Config } from "../../src/config/config.ts";
import { test } from "../harness.ts";
import { START_CASES } from "./redis_startups.ts";

const HEAD = "\n*** FATAL CONFIG FILE ERROR (Redis 7.4.0) ***\n";

/** The files that were there when the startups were recorded. */
const FILES: Readonly<Record<string, string>> = {
  "/conf/ok.conf": "timeout 3\n",
  "/conf/sub/a1.conf": "timeout 11\n",
  "/conf/sub/a2.conf": "\nport zz",
  "/conf/sub/b/x.conf": "maxclients 5\nbogus 1\n",
  "/conf/sub/.h.conf": "bogus hidden\n",
};
const NOT_FOUND = "No such file or directory";

class Machine implements ConfHost {
  folder = "/conf";
  constructor(readonly files: Readonly<Record<string, string>>) {}

  absolute(path: string): string {
    return path.startsWith("/") ? path : absolutePath(path, this.folder);
  }

  isFolder(path: string): boolean {
    return path === "/tmp" || Object.keys(this.files).some((file) => file.startsWith(path.replace(/\/*$/, "/")));
  }

  readFile(path: string): Uint8Array | string {
    const content = this.files[this.absolute(path)];
    if (content !== undefined) return latin1Bytes(content);
    return this.isFolder(this.absolute(path)) ? new Uint8Array(0) : NOT_FOUND;
  }

  listFolder(path: string): string[] {
    const prefix = path === "" ? this.folder + "/" : this.absolute(path).replace(/\/*$/, "/");
    const inside = Object.keys(this.files).filter((file) => file.startsWith(prefix));
    return [...new Set(inside.map((file) => file.slice(prefix.length).split("/")[0]))];
  }

  tryAppend(path: string): string | undefined {
    return path.startsWith("/nonexistent/") ? NOT_FOUND : undefined;
  }
}

interface Started {
  config: Config;
  outcome: string;
  actions: string[];
}

function start(args: readonly string[], stdin = "", files: Readonly<Record<string, string>> = FILES): Started {
  const machine = new Machine(files);
  const config = new Config({
    current: () => machine.folder,
    change(path) {
      if (!machine.isFolder(machine.absolute(path))) return NOT_FOUND;
      machine.folder = machine.absolute(path);
      return undefined;
    },
  });
  const actions: string[] = [];
  const users = new Set<string>();
  const sink: ConfActions = {
    user(rules) {
      actions.push("user " + rules.join(" "));
      const double = users.has(rules[0]);
      users.add(rules[0]);
      return double
        ? `Error in user declaration '${
          rules[0]
        }': Duplicate user found. A user can only be defined once in config files`
        : undefined;
    },
    renameCommand: (from, to) => void actions.push(`rename ${from} '${to}'`),
    loadModule: (path, rest) => void actions.push(["module", path, ...rest].join(" ")),
    moduleConfig: (name, values) => void actions.push([name, ...values].join(" ")),
  };
  const line = parseCommandLine(args);
  if (line.kind !== "run") return { config, outcome: line.kind, actions };
  const path = line.path === undefined ? undefined : absolutePath(line.path, machine.folder);
  const failure = loadConf(
    config,
    { path, stdin: line.readsStdin ? stdin : undefined, options: line.options },
    machine,
    sink,
  );
  const outcome = failure === undefined ? "ok" : `${failure.output}:${failure.text.replace(HEAD, "")}`;
  return { config, outcome, actions };
}

test("conf file: outcomes of redis-server", () => {
  for (const [args, stdin, conf, outcome] of START_CASES) {
    assertEquals(start(args, stdin, { ...FILES, "/conf/t.conf": conf }).outcome, outcome, `${args} <<< ${conf}`);
  }
});

test("conf file: the block is complete", () => {
  const machine = new Machine({});
  const config = new Config({ current: () => "/", change: () => undefined });
  const actions = {} as ConfActions;
  assertEquals(loadConf(config, { path: undefined, stdin: undefined, options: 'port "x" ' }, machine, actions), {
    output: "stderr",
    text: "\n*** FATAL CONFIG FILE ERROR (Redis 7.4.0) ***\nReading the configuration file, at line 2\n" +
      ">>> 'port \"x\"'\nargument couldn't be parsed into an integer\n",
  });
});

test("conf file: values, repeated lines and precedence", () => {
  const conf = "save 900 1\nsave 300 10\ninclude ok.conf\nPORT 7000\nmaxmemory 2gb\n" +
    "client-output-buffer-limit pubsub 1mb 2 3\nclient-output-buffer-limit normal 5 6 7\nslaveof h 1\n";
  const { config } = start(["t.conf", "--port", "7002", "-"], "port 7001\n", { ...FILES, "/conf/t.conf": conf });
  const expected = {
    "save": "900 1 300 10",
    "timeout": "3",
    "port": "7002",
    "maxmemory": "2147483648",
    "client-output-buffer-limit": "normal 5 6 7 slave 268435456 67108864 60 pubsub 1048576 2 3",
    "replicaof": "h 1",
  };
  for (const [name, value] of Object.entries(expected)) assertEquals(config.get([name]), [[name, value]]);
});

test("conf file: save on the command line", () => {
  const save = (...args: string[]) => start(args).config.get(["save"])[0][1];
  assertEquals(save("--save", "1", "2", "--save", ""), "");
  assertEquals(save("--save", "", "--save", "1", "2"), "1 2");
  assertEquals(save("--save", "10 1 20 2"), "10 1 20 2");
  assertEquals(save("--save"), "");
  assertEquals(save("--save", "--timeout", "5"), "");
  assertEquals(save(), "3600 1 300 100 60 10000");
});

test("conf file: lines that are no values go to the server", () => {
  const conf = `user a on "+get |x"\nrename-command FLUSHALL ""\nloadmodule /m.so x y\nmod.Name v\n`;
  assertEquals(start(["t.conf"], "", { "/conf/t.conf": conf }).actions, [
    "user a on +get |x",
    "rename FLUSHALL ''",
    "module /m.so x y",
    "mod.name v",
  ]);
});

test("conf file: a file that includes itself ends with an error", () => {
  const { outcome } = start(["t.conf"], "", { "/conf/t.conf": "include t.conf\n" });
  assertEquals(
    outcome,
    "stderr:Reading the configuration file, at line 1\n>>> 'include t.conf'\nToo many nested include directives\n",
  );
});

test("command line: other modes", () => {
  assertEquals(parseCommandLine(["-v"]).kind, "version");
  assertEquals(parseCommandLine(["--help"]).kind, "usage");
  assertEquals(parseCommandLine(["--sentinel", "--port", "1"]), {
    kind: "run",
    path: undefined,
    readsStdin: false,
    options: 'sentinel \nport "1" ',
    sentinel: true,
  });
  const line = parseCommandLine(["--requirepass", "é\n"]);
  assertEquals(line.kind === "run" && line.options, 'requirepass "\\xc3\\xa9\\n" ');
});
