/** Directives on the process: threads, logging, limits on scripts, monitoring, shutdown. */

import { anyOf, directive, int, INT_MAX, LONG_MAX, oneOf, optionalText, text, yesNo } from "../directive.ts";
import { notifyClasses, oomScores, percentiles, rate } from "../special_types.ts";

const protectedAction = oneOf(["no", "yes", "local"]);
const shutdownFlags = anyOf("default", ["save", "nosave", "now", "force"]);
const cpuList = { immutable: true, effect: false } as const;

function checkShutdown(flags: readonly string[]): string | undefined {
  if (!flags.includes("save") || !flags.includes("nosave")) return undefined;
  return "shutdown options SAVE and NOSAVE can't be used simultaneously";
}

const TITLE_VARIABLES = ["title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"];

/** Variables stand in braces; "{{" is a brace. */
function checkTitle(template: string): string | undefined {
  const rest = template.replace(/\{\{|\{([^}]*)\}/g, (all, name?: string) => {
    return name === undefined || TITLE_VARIABLES.includes(name) ? "" : all;
  });
  const valid = template !== "" && !rest.includes("{");
  return valid ? undefined : "template format is invalid or contains unknown variables";
}

/** Which locales exist is the system's matter; this only refuses what can be the name of none. */
function checkLocale(name: string): string | undefined {
  return /^(|C|POSIX|(C|[a-z]{2,3}(_[A-Z]{2})?)([.@][\w@-]+)?)$/.test(name) ? undefined : "Invalid locale name";
}

export const serverDirectives = {
  "shards": directive(int(-1, 1024), -1, { immutable: true }),
  "huge-pages": directive(yesNo, true, { immutable: true }),
  "network": directive(oneOf(["auto", "epoll", "portable"]), "auto", { immutable: true }),
  "databases": directive(int(1, INT_MAX), 16, { immutable: true }),
  "daemonize": directive(yesNo, false, { immutable: true }),
  "supervised": directive(oneOf(["upstart", "systemd", "auto", "no"]), "no", { immutable: true, effect: false }),
  "pidfile": directive(optionalText, "", { immutable: true }),
  "loglevel": directive(oneOf(["debug", "verbose", "notice", "warning", "nothing"]), "notice"),
  "logfile": directive(text, "", { immutable: true }),
  "syslog-enabled": directive(yesNo, false, { immutable: true, effect: false }),
  "syslog-ident": directive(text, "redis", { immutable: true, effect: false }),
  "syslog-facility": directive(
    oneOf(["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"]),
    "local0",
    { immutable: true, effect: false },
  ),
  "hide-user-data-from-log": directive(yesNo, false),
  "always-show-logo": directive(yesNo, false, { immutable: true }),
  "set-proc-title": directive(yesNo, true, { immutable: true, effect: false }),
  "proc-title-template": directive(text, "{title} {listen-addr} {server-mode}", { effect: false, check: checkTitle }),
  "locale-collate": directive(text, "", { effect: false, check: checkLocale }),
  "ignore-warnings": directive(text, "", { effect: false }),
  "hz": directive(rate(int(0, INT_MAX)), 10),
  "dynamic-hz": directive(yesNo, true, { effect: false }),
  "io-threads": directive(int(1, 128), 1, { immutable: true, effect: false }),
  "io-threads-do-reads": directive(yesNo, false, { immutable: true, effect: false }),
  "server-cpulist": directive(optionalText, "", { alias: "server_cpulist", ...cpuList }),
  "bio-cpulist": directive(optionalText, "", { alias: "bio_cpulist", ...cpuList }),
  "aof-rewrite-cpulist": directive(optionalText, "", { alias: "aof_rewrite_cpulist", ...cpuList }),
  "bgsave-cpulist": directive(optionalText, "", { alias: "bgsave_cpulist", ...cpuList }),
  "oom-score-adj": directive(oneOf(["no", "yes", "relative", "absolute"], { relative: "yes" }), "no", {
    effect: false,
  }),
  "oom-score-adj-values": directive(oomScores, [0, 200, 800], { effect: false }),
  "disable-thp": directive(yesNo, true, { immutable: true, effect: false }),
  "crash-log-enabled": directive(yesNo, true, { effect: false }),
  "crash-memcheck-enabled": directive(yesNo, true, { effect: false }),
  "use-exit-on-panic": directive(yesNo, false, { hidden: true, effect: false }),
  "watchdog-period": directive(int(0, INT_MAX), 0, { hidden: true, effect: false }),
  "enable-protected-configs": directive(protectedAction, "no", { immutable: true }),
  "enable-debug-command": directive(protectedAction, "no", { immutable: true }),
  "enable-module-command": directive(protectedAction, "no", { immutable: true }),
  "enable-debug-assert": directive(yesNo, false, { immutable: true, hidden: true, effect: false }),
  "busy-reply-threshold": directive(int(0, LONG_MAX), 5000, { alias: "lua-time-limit" }),
  "notify-keyspace-events": directive(notifyClasses, 0),
  "slowlog-log-slower-than": directive(int(-1, LONG_MAX), 10000),
  "slowlog-max-len": directive(int(0, LONG_MAX), 128),
  "latency-monitor-threshold": directive(int(0, LONG_MAX), 0),
  "latency-tracking": directive(yesNo, true),
  "latency-tracking-info-percentiles": directive(percentiles, [50, 99, 99.9]),
  "shutdown-timeout": directive(int(0, INT_MAX), 10),
  "shutdown-on-sigint": directive(shutdownFlags, [], { check: checkShutdown }),
  "shutdown-on-sigterm": directive(shutdownFlags, [], { check: checkShutdown }),
};
