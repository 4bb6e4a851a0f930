"""redis-py's transaction pipeline against the server on port argv[1]: MULTI, EXEC, WATCH and what can go wrong with them."""

import sys
import threading

import redis

port = int(sys.argv[1])


def check(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} is not {expected!r}")


def fails(action, kind, text, what):
    try:
        action()
    except kind as error:
        check(text in str(error), True, f"{what}: {error}")
    else:
        raise AssertionError(f"{what} did not fail")


def connect():
    return redis.Redis(host="127.0.0.1", port=port, decode_responses=True)


client = connect()
other = connect()
client.flushall()

pipe = client.pipeline()
pipe.set("a", 1).incr("a").get("none").rpush("list", "x", "y").lrange("list", 0, -1).hset("h", mapping={"f": "v"}).hgetall("h")
check(pipe.execute(), [True, 2, None, 2, ["x", "y"], 1, {"f": "v"}], "replies of many types")
check(pipe.execute(), [], "nothing queued")
check(len(pipe), 0, "an emptied pipeline")
check(pipe.mget("a", "none", "list").execute(), [["2", None, None]], "keys of several shards")
check(pipe.mset({f"k{i}": i for i in range(50)}).dbsize().execute(), [True, 53], "dbsize behind mset")
check(pipe.zadd("z", {"m": 1.5, "n": 2}).zrange("z", 0, -1, withscores=True).execute(), [2, [("m", 1.5), ("n", 2.0)]], "scores")
check(pipe.sadd("s", "x").smembers("s").sismember("s", "x").execute()[1:], [{"x"}, True], "a set")

# An error of one command leaves the others done.
pipe.set("word", "w").incr("word").set("after", "1")
fails(pipe.execute, redis.ResponseError, "Command # 2 (INCRBY word 1) of pipeline caused error: value is not an integer", "incr of a word")
check(client.get("after"), "1", "the command behind the error")
replies = pipe.set("b", 1).lpush("b", "x").get("b").execute(raise_on_error=False)
check([replies[0], replies[2]], [True, "1"], "replies beside an error")
check(isinstance(replies[1], redis.ResponseError), True, "an error as a reply")

# A command that is refused when it is queued takes the transaction with it.
pipe.set("c", 1).execute_command("NO-SUCH-COMMAND")
fails(pipe.execute, redis.ResponseError, "unknown command", "an unknown command")
check(client.exists("c"), 0, "nothing of a refused transaction")
pipe.set("c", 1).execute_command("GET")
fails(pipe.execute, redis.ResponseError, "wrong number of arguments", "a wrong number of arguments")
check(client.exists("c"), 0, "nothing of a refused transaction")

# WATCH: reads run at once, until multi().
with client.pipeline() as watching:
    watching.watch("a", "word")
    check(watching.get("a"), "2", "a read under watch")
    watching.multi()
    watching.set("a", 3)
    watching.set("word", "x")
    check(watching.execute(), [True, True], "nobody came between")

with client.pipeline() as watching:
    watching.watch("a", "word")
    other.set("word", "changed")
    watching.multi()
    watching.set("a", 4)
    fails(watching.execute, redis.WatchError, "Watched variable changed", "a watched key that changed")
check(client.get("a"), "3", "nothing of an aborted transaction")

with client.pipeline() as watching:
    watching.watch("a")
    other.set("a", 5)
    watching.unwatch()
    check(watching.get("a").set("a", 6).execute(), ["5", True], "a transaction behind unwatch")

with client.pipeline() as watching:
    watching.watch("soon")
    other.set("soon", "v", px=10000)
    other.delete("soon")
    watching.multi()
    watching.set("a", 7)
    fails(watching.execute, redis.WatchError, "Watched", "a key made and deleted meanwhile")

with client.pipeline() as watching:
    watching.watch("a")
    watching.multi()
    watching.set("a", 8)
    watching.reset()
    check(other.set("a", 9), True, "a change")
    check(watching.get("a").execute(), ["9"], "a transaction behind reset")

# transaction(): tried again until nobody comes between.
tries = []


def double(transaction):
    value = int(transaction.get("d"))
    if not tries:
        other.incr("d")
    tries.append(value)
    transaction.multi()
    transaction.set("d", value * 2)
    return value


client.set("d", 10)
check(client.transaction(double, "d"), [True], "transaction")
check(tries, [10, 11], "tries")
check(client.get("d"), "22", "the doubled value")
check(client.transaction(double, "d", value_from_callable=True), 22, "the value of the function")


def move():
    mine = connect()
    for _ in range(50):
        def transfer(transaction):
            left, right = int(transaction.get("left")), int(transaction.get("right"))
            transaction.multi()
            transaction.mset({"left": left - 1, "right": right + 1})

        mine.transaction(transfer, "left", "right")


client.mset({"left": 200, "right": 0})
threads = [threading.Thread(target=move) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
check(client.mget("left", "right"), ["0", "200"], "transfers at the same time")
check(client.info("clients")["blocked_clients"], 0, "nobody waits")
client.flushall()
print("ok")
