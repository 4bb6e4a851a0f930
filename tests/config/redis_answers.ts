/**
 * What redis-server 7.0.15 answered, recorded on a fresh server: its defaults, and CONFIG SET (in this order) with the
 * value that CONFIG GET showed afterwards.
 */

/** `name=value` lines of CONFIG GET *, without those that depend on how the server was started. */
export const DEFAULTS = `
acl-pubsub-default=resetchannels
aclfile=
acllog-max-len=128
active-defrag-cycle-max=25
active-defrag-cycle-min=1
active-defrag-ignore-bytes=104857600
active-defrag-max-scan-fields=1000
active-defrag-threshold-lower=10
active-defrag-threshold-upper=100
active-expire-effort=1
activedefrag=no
activerehashing=yes
always-show-logo=no
aof-disable-auto-gc=no
aof-load-truncated=yes
aof-rewrite-incremental-fsync=yes
aof-timestamp-enabled=no
aof-use-rdb-preamble=yes
aof_rewrite_cpulist=
appenddirname=appendonlydir
appendfilename=appendonly.aof
appendfsync=everysec
appendonly=no
auto-aof-rewrite-min-size=67108864
auto-aof-rewrite-percentage=100
bgsave_cpulist=
bind=* -::*
bind-source-addr=
bio_cpulist=
busy-reply-threshold=5000
client-output-buffer-limit=normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60
client-query-buffer-limit=1073741824
cluster-allow-pubsubshard-when-down=yes
cluster-allow-reads-when-down=no
cluster-allow-replica-migration=yes
cluster-announce-bus-port=0
cluster-announce-hostname=
cluster-announce-ip=
cluster-announce-port=0
cluster-announce-tls-port=0
cluster-config-file=nodes.conf
cluster-enabled=no
cluster-link-sendbuf-limit=0
cluster-migration-barrier=1
cluster-node-timeout=15000
cluster-port=0
cluster-preferred-endpoint-type=ip
cluster-replica-no-failover=no
cluster-replica-validity-factor=10
cluster-require-full-coverage=yes
cluster-slave-no-failover=no
cluster-slave-validity-factor=10
crash-log-enabled=yes
crash-memcheck-enabled=yes
databases=16
dbfilename=dump.rdb
disable-thp=yes
dynamic-hz=yes
enable-debug-command=no
enable-module-command=no
enable-protected-configs=no
hash-max-listpack-entries=512
hash-max-listpack-value=64
hash-max-ziplist-entries=512
hash-max-ziplist-value=64
hll-sparse-max-bytes=3000
hz=10
ignore-warnings=
io-threads=1
io-threads-do-reads=no
jemalloc-bg-thread=yes
latency-monitor-threshold=0
latency-tracking=yes
latency-tracking-info-percentiles=50 99 99.9
lazyfree-lazy-eviction=no
lazyfree-lazy-expire=no
lazyfree-lazy-server-del=no
lazyfree-lazy-user-del=no
lazyfree-lazy-user-flush=no
lfu-decay-time=1
lfu-log-factor=10
list-compress-depth=0
list-max-listpack-size=-2
list-max-ziplist-size=-2
loglevel=notice
lua-time-limit=5000
masterauth=
masteruser=
maxclients=10000
maxmemory=0
maxmemory-clients=0
maxmemory-eviction-tenacity=10
maxmemory-policy=noeviction
maxmemory-samples=5
min-replicas-max-lag=10
min-replicas-to-write=0
min-slaves-max-lag=10
min-slaves-to-write=0
no-appendfsync-on-rewrite=no
notify-keyspace-events=
oom-score-adj=no
oom-score-adj-values=0 200 800
proc-title-template={title} {listen-addr} {server-mode}
propagation-error-behavior=ignore
protected-mode=yes
proto-max-bulk-len=536870912
rdb-del-sync-files=no
rdb-save-incremental-fsync=yes
rdbchecksum=yes
rdbcompression=yes
repl-backlog-size=1048576
repl-backlog-ttl=3600
repl-disable-tcp-nodelay=no
repl-diskless-load=disabled
repl-diskless-sync=yes
repl-diskless-sync-delay=5
repl-diskless-sync-max-replicas=0
repl-ping-replica-period=10
repl-ping-slave-period=10
repl-timeout=60
replica-announce-ip=
replica-announce-port=0
replica-announced=yes
replica-ignore-disk-write-errors=no
replica-ignore-maxmemory=yes
replica-lazy-flush=no
replica-priority=100
replica-read-only=yes
replica-serve-stale-data=yes
replicaof=
requirepass=
sanitize-dump-payload=no
save=3600 1 300 100 60 10000
server_cpulist=
set-max-intset-entries=512
set-proc-title=yes
shutdown-on-sigint=default
shutdown-on-sigterm=default
shutdown-timeout=10
slave-announce-ip=
slave-announce-port=0
slave-ignore-maxmemory=yes
slave-lazy-flush=no
slave-priority=100
slave-read-only=yes
slave-serve-stale-data=yes
slaveof=
slowlog-log-slower-than=10000
slowlog-max-len=128
socket-mark-id=0
stop-writes-on-bgsave-error=yes
stream-node-max-bytes=4096
stream-node-max-entries=100
supervised=no
syslog-enabled=no
syslog-facility=local0
syslog-ident=redis
tcp-backlog=511
tcp-keepalive=300
timeout=0
tls-auth-clients=yes
tls-ca-cert-dir=
tls-ca-cert-file=
tls-cert-file=
tls-ciphers=
tls-ciphersuites=
tls-client-cert-file=
tls-client-key-file=
tls-client-key-file-pass=
tls-cluster=no
tls-dh-params-file=
tls-key-file=
tls-key-file-pass=
tls-port=0
tls-prefer-server-ciphers=no
tls-protocols=
tls-replication=no
tls-session-cache-size=20480
tls-session-cache-timeout=300
tls-session-caching=yes
tracking-table-max-keys=1000000
unixsocket=
unixsocketperm=0
zset-max-listpack-entries=128
zset-max-listpack-value=64
zset-max-ziplist-entries=128
zset-max-ziplist-value=64
`;

/** Arguments of CONFIG SET, its reply, and the value of the last name afterwards. */
// deno-fmt-ignore
export const SET_CASES: readonly [args: string[], reply: string, value: string][] = [
  [["foo","bar"], "ERR Unknown option or number of arguments for CONFIG SET - 'foo'", ""],
  [["timeout","-1"], "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument must be between 0 and 2147483647 inclusive", "0"],
  [["timeout","1.5"], "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer", "0"],
  [["timeout","01"], "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer", "0"],
  [["timeout","+1"], "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer", "0"],
  [["timeout","2147483647"], "OK", "2147483647"],
  [["timeout","2147483648"], "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument must be between 0 and 2147483647 inclusive", "2147483647"],
  [["appendonly","maybe"], "ERR CONFIG SET failed (possibly related to argument 'appendonly') - argument must be 'yes' or 'no'", "no"],
  [["rdbcompression","NO"], "OK", "no"],
  [["maxmemory-policy","x"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction", "noeviction"],
  [["maxmemory-policy","AllKeys-LRU"], "OK", "allkeys-lru"],
  [["maxmemory","5xb"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value", "0"],
  [["maxmemory","-1"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value", "0"],
  [["maxmemory","1.5gb"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value", "0"],
  [["maxmemory","10K"], "OK", "10000"],
  [["maxmemory","10kB"], "OK", "10240"],
  [["maxmemory","3Mb"], "OK", "3145728"],
  [["maxmemory","2g"], "OK", "2000000000"],
  [["maxmemory","7b"], "OK", "7"],
  [["maxmemory",""], "OK", "0"],
  [["maxmemory","kb"], "OK", "0"],
  [["maxmemory","1 kb"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value", "0"],
  [["maxmemory","18446744073709551615"], "OK", "18446744073709551615"],
  [["maxmemory","18446744073709551616"], "OK", "18446744073709551615"],
  [["maxmemory","99999999999999gb"], "OK", "14131891009335853056"],
  [["maxmemory","0"], "OK", "0"],
  [["maxmemory-clients","150%"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - percentage argument must be less or equal to 100", "0"],
  [["maxmemory-clients","15%"], "OK", "15%"],
  [["maxmemory-clients","0%"], "OK", "0"],
  [["maxmemory-clients","%"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument must be a memory or percent value", "0"],
  [["maxmemory-clients","-3%"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument must be a memory or percent value", "0"],
  [["maxmemory-clients","abc"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument must be a memory or percent value", "0"],
  [["maxmemory-clients","1gb"], "OK", "1073741824"],
  [["maxmemory-clients","-3"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument must be a memory or percent value", "1073741824"],
  [["maxmemory-clients","18446744073709551610"], "OK", "6%"],
  [["databases","3"], "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config", "16"],
  [["dir","/nonexistent"], "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config", "/data"],
  [["dbfilename","a/b"], "ERR CONFIG SET failed (possibly related to argument 'dbfilename') - can't set protected config", "dump.rdb"],
  [["timeout","1","timeout","2"], "ERR CONFIG SET failed (possibly related to argument 'timeout') - duplicate parameter", "2147483647"],
  [["timeout","1","TIMEOUT","2"], "ERR CONFIG SET failed (possibly related to argument 'TIMEOUT') - duplicate parameter", "2147483647"],
  [["timeout","1","nope","2"], "ERR Unknown option or number of arguments for CONFIG SET - 'nope'", ""],
  [["nope","1","databases","2"], "ERR Unknown option or number of arguments for CONFIG SET - 'nope'", "16"],
  [["slave-priority","1","replica-priority","2"], "OK", "2"],
  [["unixsocketperm","9"], "ERR CONFIG SET failed (possibly related to argument 'unixsocketperm') - can't set immutable config", "0"],
  [["notify-keyspace-events","Q"], "ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.", ""],
  [["notify-keyspace-events","KEA"], "OK", "AKE"],
  [["notify-keyspace-events","gxeKtE$lshzdmn"], "OK", "AKEm"],
  [["notify-keyspace-events","Elgn"], "OK", "glnE"],
  [["notify-keyspace-events","g$lshzxetdn"], "OK", "A"],
  [["notify-keyspace-events","m"], "OK", "m"],
  [["notify-keyspace-events",""], "OK", ""],
  [["save","10"], "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters", "3600 1 300 100 60 10000"],
  [["save","0 1"], "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters", "3600 1 300 100 60 10000"],
  [["save","10 -1"], "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters", "3600 1 300 100 60 10000"],
  [["save","10  1"], "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters", "3600 1 300 100 60 10000"],
  [["save","10 1 20 2"], "OK", "10 1 20 2"],
  [["save","+10 1"], "OK", "10 1"],
  [["save","10 "], "OK", "10 0"],
  [["save","x 1"], "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters", "10 0"],
  [["save",""], "OK", ""],
  [["client-output-buffer-limit","normal 1 2"], "ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Wrong number of arguments in buffer limit configuration.", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"],
  [["client-output-buffer-limit","foo 1 2 3"], "ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Invalid client class specified in buffer limit configuration.", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"],
  [["client-output-buffer-limit","normal 1k 2 x"], "ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Error in hard, soft or soft_seconds setting in buffer limit configuration.", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"],
  [["client-output-buffer-limit","master 1 2 3"], "ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Invalid client class specified in buffer limit configuration.", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"],
  [["client-output-buffer-limit","normal 1k 2 -1"], "ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Error in hard, soft or soft_seconds setting in buffer limit configuration.", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"],
  [["client-output-buffer-limit","replica 1k 2 3"], "OK", "normal 0 0 0 slave 1000 2 3 pubsub 33554432 8388608 60"],
  [["client-output-buffer-limit","NORMAL 1mb 2kb 3 Slave 5gb 0 0"], "OK", "normal 1048576 2048 3 slave 5368709120 0 0 pubsub 33554432 8388608 60"],
  [["client-output-buffer-limit",""], "OK", "normal 1048576 2048 3 slave 5368709120 0 0 pubsub 33554432 8388608 60"],
  [["oom-score-adj-values","1 2"], "ERR CONFIG SET failed (possibly related to argument 'oom-score-adj-values') - wrong number of arguments", "0 200 800"],
  [["oom-score-adj-values","1 2 3000"], "ERR CONFIG SET failed (possibly related to argument 'oom-score-adj-values') - Invalid oom-score-adj-values, elements must be between -2000 and 2000.", "0 200 800"],
  [["oom-score-adj-values","1 2 3"], "OK", "1 2 3"],
  [["bind","a b c d e f g h i j k l m n o p q"], "ERR CONFIG SET failed (possibly related to argument 'bind') - Too many bind addresses specified.", "* -::*"],
  [["replicaof","no one"], "ERR CONFIG SET failed (possibly related to argument 'replicaof') - can't set immutable config", ""],
  [["slaveof","a 1"], "ERR CONFIG SET failed (possibly related to argument 'slaveof') - can't set immutable config", ""],
  [["latency-tracking-info-percentiles","x"], "ERR CONFIG SET failed (possibly related to argument 'latency-tracking-info-percentiles') - Invalid latency-tracking-info-percentiles parameters", "50 99 99.9"],
  [["latency-tracking-info-percentiles","101"], "ERR CONFIG SET failed (possibly related to argument 'latency-tracking-info-percentiles') - latency-tracking-info-percentiles parameters should sit between [0.0,100.0]", "50 99 99.9"],
  [["latency-tracking-info-percentiles","-1"], "ERR CONFIG SET failed (possibly related to argument 'latency-tracking-info-percentiles') - latency-tracking-info-percentiles parameters should sit between [0.0,100.0]", "50 99 99.9"],
  [["latency-tracking-info-percentiles","50 99.95 100 0.0001 1e1"], "OK", "50 99.95 100 0.0001 10"],
  [["latency-tracking-info-percentiles",""], "OK", ""],
  [["shutdown-on-sigterm","now"], "OK", "now"],
  [["shutdown-on-sigterm","NOW save"], "OK", "save now"],
  [["shutdown-on-sigterm","now foo"], "ERR CONFIG SET failed (possibly related to argument 'shutdown-on-sigterm') - argument(s) must be one of the following: default, save, nosave, now, force", "save now"],
  [["shutdown-on-sigterm","save nosave"], "ERR CONFIG SET failed (possibly related to argument 'shutdown-on-sigterm') - shutdown options SAVE and NOSAVE can't be used simultaneously", "save now"],
  [["shutdown-on-sigterm","default now"], "OK", "now"],
  [["shutdown-on-sigterm","default"], "OK", "default"],
  [["shutdown-on-sigterm",""], "ERR CONFIG SET failed (possibly related to argument 'shutdown-on-sigterm') - argument(s) must be one of the following: default, save, nosave, now, force", "default"],
  [["shutdown-on-sigint","force nosave"], "OK", "nosave force"],
  [["appendfilename","x"], "ERR CONFIG SET failed (possibly related to argument 'appendfilename') - can't set immutable config", "appendonly.aof"],
  [["proc-title-template","{x}"], "ERR CONFIG SET failed (possibly related to argument 'proc-title-template') - template format is invalid or contains unknown variables", "{title} {listen-addr} {server-mode}"],
  [["proc-title-template","{title}-{port}"], "OK", "{title}-{port}"],
  [["proc-title-template","{"], "ERR CONFIG SET failed (possibly related to argument 'proc-title-template') - template format is invalid or contains unknown variables", "{title}-{port}"],
  [["proc-title-template","a}b"], "OK", "a}b"],
  [["proc-title-template","{title}}"], "OK", "{title}}"],
  [["proc-title-template","{{title}"], "OK", "{{title}"],
  [["proc-title-template",""], "ERR CONFIG SET failed (possibly related to argument 'proc-title-template') - template format is invalid or contains unknown variables", "{{title}"],
  [["activedefrag","yes"], "ERR CONFIG SET failed (possibly related to argument 'activedefrag') - Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution", "no"],
  [["activedefrag","no"], "OK", "no"],
  [["cluster-announce-hostname","a_b"], "ERR CONFIG SET failed (possibly related to argument 'cluster-announce-hostname') - Hostnames may only contain alphanumeric characters, hyphens or dots", ""],
  [["cluster-announce-hostname","a.b-c"], "OK", "a.b-c"],
  [["cluster-announce-hostname",""], "OK", ""],
  [["loglevel","verbose"], "OK", "verbose"],
  [["maxclients","0"], "ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive", "10000"],
  [["maxclients","-1"], "ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive", "10000"],
  [["maxclients","99999999999"], "ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive", "10000"],
  [["proto-max-bulk-len","1"], "ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - argument must be between 1048576 and 9223372036854775807 inclusive", "536870912"],
  [["proto-max-bulk-len","2mb"], "OK", "2097152"],
  [["client-query-buffer-limit","1"], "ERR CONFIG SET failed (possibly related to argument 'client-query-buffer-limit') - argument must be between 1048576 and 9223372036854775807 inclusive", "1073741824"],
  [["slowlog-log-slower-than","-2"], "ERR CONFIG SET failed (possibly related to argument 'slowlog-log-slower-than') - argument must be between -1 and 9223372036854775807 inclusive", "10000"],
  [["slowlog-log-slower-than","-1"], "OK", "-1"],
  [["slowlog-log-slower-than","9223372036854775807"], "OK", "9223372036854775807"],
  [["slowlog-log-slower-than","9223372036854775808"], "ERR CONFIG SET failed (possibly related to argument 'slowlog-log-slower-than') - argument couldn't be parsed into an integer", "9223372036854775807"],
  [["hz","5000"], "OK", "500"],
  [["hz","0"], "OK", "1"],
  [["hz","50"], "OK", "50"],
  [["hz","-1"], "ERR CONFIG SET failed (possibly related to argument 'hz') - argument must be between 0 and 2147483647 inclusive", "50"],
  [["slave-priority","5"], "OK", "5"],
  [["enable-debug-command","yes"], "ERR CONFIG SET failed (possibly related to argument 'enable-debug-command') - can't set immutable config", "no"],
  [["tcp-keepalive","abc"], "ERR CONFIG SET failed (possibly related to argument 'tcp-keepalive') - argument couldn't be parsed into an integer", "300"],
  [["cluster-port","5"], "ERR CONFIG SET failed (possibly related to argument 'cluster-port') - can't set immutable config", "0"],
  [["aclfile","x"], "ERR CONFIG SET failed (possibly related to argument 'aclfile') - can't set immutable config", ""],
  [["repl-backlog-size","0"], "ERR CONFIG SET failed (possibly related to argument 'repl-backlog-size') - argument must be between 1 and 9223372036854775807 inclusive", "1048576"],
  [["repl-backlog-size","16kb"], "OK", "16384"],
  [["hash-max-ziplist-value","-1"], "ERR CONFIG SET failed (possibly related to argument 'hash-max-ziplist-value') - argument must be a memory value", "64"],
  [["hash-max-ziplist-value","2kb"], "OK", "2048"],
  [["hash-max-listpack-entries","-1"], "ERR CONFIG SET failed (possibly related to argument 'hash-max-listpack-entries') - argument must be between 0 and 9223372036854775807 inclusive", "512"],
  [["hash-max-listpack-entries","1k"], "ERR CONFIG SET failed (possibly related to argument 'hash-max-listpack-entries') - argument couldn't be parsed into an integer", "512"],
  [["list-max-ziplist-size","-5"], "OK", "-5"],
  [["list-max-listpack-size","-2147483649"], "ERR CONFIG SET failed (possibly related to argument 'list-max-listpack-size') - argument must be between -2147483648 and 2147483647 inclusive", "-5"],
  [["oom-score-adj","bogus"], "ERR CONFIG SET failed (possibly related to argument 'oom-score-adj') - argument(s) must be one of the following: no, yes, relative, absolute", "no"],
  [["TIMEOUT","7"], "OK", "7"],
  [["watchdog-period","0"], "OK", "0"],
  [["timeout",""], "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer", "7"],
  [["repl-ping-slave-period","0"], "ERR CONFIG SET failed (possibly related to argument 'repl-ping-slave-period') - argument must be between 1 and 2147483647 inclusive", "10"],
  [["min-slaves-to-write","x"], "ERR CONFIG SET failed (possibly related to argument 'min-slaves-to-write') - argument couldn't be parsed into an integer", "0"],
  [["requirepass",""], "OK", ""],
  [["masterauth","a b"], "OK", "a b"],
  [["masteruser",""], "OK", ""],
  [["replica-announce-ip","x"], "OK", "x"],
  [["lua-time-limit","6000"], "OK", "6000"],
  [["acl-pubsub-default","x"], "ERR CONFIG SET failed (possibly related to argument 'acl-pubsub-default') - argument(s) must be one of the following: allchannels, resetchannels", "resetchannels"],
  [["repl-diskless-load","swapdb"], "OK", "swapdb"],
  [["socket-mark-id","1"], "ERR CONFIG SET failed (possibly related to argument 'socket-mark-id') - can't set immutable config", "0"],
  [["auto-aof-rewrite-min-size","1mb"], "OK", "1048576"],
  [["active-defrag-ignore-bytes","0"], "ERR CONFIG SET failed (possibly related to argument 'active-defrag-ignore-bytes') - argument must be between 1 and 9223372036854775807 inclusive", "104857600"],
  [["stream-node-max-entries","5"], "OK", "5"],
  [["tls-port","x"], "ERR CONFIG SET failed (possibly related to argument 'tls-port') - argument couldn't be parsed into an integer", "0"],
  [["io-threads","4"], "ERR CONFIG SET failed (possibly related to argument 'io-threads') - can't set immutable config", "1"],
  [["cluster-node-timeout","5"], "OK", "5"],
  [["key-load-delay","0"], "OK", "0"],
  [["timeout","3","maxmemory","x"], "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value", "0"],
  [["maxmemory-samples","7","timeout","x"], "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer", "7"],
];
