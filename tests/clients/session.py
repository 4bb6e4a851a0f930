"""A real session of redis-py against the server on port argv[1]."""

import sys
import threading

import redis

port = int(sys.argv[1])


def check(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} is not {expected!r}")


client = redis.Redis(host="127.0.0.1", port=port, decode_responses=True, client_name="session.py")
check(client.ping(), True, "ping")
client.flushall()

check(client.set("k", "v"), True, "set")
check(client.get("k"), "v", "get")
check(client.set("k", "w", nx=True), None, "set nx")
check(client.set("k", "w", get=True), "v", "set get")
check(client.set("e", "v", ex=100), True, "set ex")
check(90 < client.ttl("e") <= 100, True, "ttl")
check(client.getex("e", persist=True), "v", "getex")
check(client.ttl("e"), -1, "ttl after persist")
check(client.mset({"a": "1", "b": "2"}), True, "mset")
check(client.mget("a", "none", "b"), ["1", None, "2"], "mget")
check(client.incrby("n", 41), 41, "incrby")
check(client.incr("n"), 42, "incr")
check(client.incrbyfloat("f", 1.5), 1.5, "incrbyfloat")
check(client.append("k", "!"), 2, "append")
check(client.setrange("r", 3, "x"), 4, "setrange")
check(client.getrange("k", 0, 0), "w", "getrange")
check(client.strlen("k"), 2, "strlen")
check(client.getdel("k"), "w!", "getdel")
check(client.exists("k", "a", "b"), 2, "exists")
check(client.setbit("bits", 7, 1), 0, "setbit")
check(client.bitcount("bits"), 1, "bitcount")
check(client.bitfield("field").set("u8", 0, 200).incrby("u8", 0, 100).execute(), [0, 44], "bitfield")
check(client.type("a"), "string", "type")
check(client.rename("a", "c"), True, "rename")
check(client.expire("c", 1000, nx=True), True, "expire")
check(client.delete("c", "none"), 1, "delete")
check(client.unlink("b"), 1, "unlink")
check(sorted(client.keys("*")), sorted(["e", "n", "f", "r", "bits", "field"]), "keys")
check(sorted(client.scan_iter(count=2)), sorted(["e", "n", "f", "r", "bits", "field"]), "scan_iter")
check(client.dbsize(), 6, "dbsize")

try:
    client.incr("e")
    raise AssertionError("incr of a word did not fail")
except redis.ResponseError as error:
    check(str(error), "value is not an integer or out of range", "error text")

pipe = client.pipeline(transaction=False)
for i in range(1000):
    pipe.set(f"p:{i}", i)
    pipe.get(f"p:{i}")
check(pipe.execute()[1::2], [str(i) for i in range(1000)], "pipeline")

binary = redis.Redis(host="127.0.0.1", port=port)
every = bytes(range(256)) * 1000
check(binary.set(every[:256], every), True, "binary set")
check(binary.get(every[:256]), every, "binary get")

check(client.client_getname(), "session.py", "client name")
check("redis_version" in client.info("server"), True, "info")
check(client.config_get("maxmemory")["maxmemory"], "0", "config get")
other = redis.Redis(host="127.0.0.1", port=port, db=1, decode_responses=True)
check(other.dbsize(), 0, "another database")
check(other.set("only", "here"), True, "set in another database")
check(client.get("only"), None, "not in database 0")


def count():
    mine = redis.Redis(host="127.0.0.1", port=port)
    for _ in range(200):
        mine.incr("counter")


threads = [threading.Thread(target=count) for _ in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
check(client.get("counter"), "1000", "concurrent increments")
check(client.flushall(), True, "flushall")
print("ok")
