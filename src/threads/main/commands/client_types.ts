/** Classes of clients as CLIENT LIST TYPE and CLIENT KILL TYPE name them. */
import { ReplyError } from "../../../base/reply_error.ts";

export type ClientType = "normal" | "master" | "replica" | "pubsub";

/** Throws for a word that names no class. */
export function parseClientType(word: string): ClientType {
  const lower = word.toLowerCase();
  if (lower === "slave") return "replica";
  if (lower === "normal" || lower === "master" || lower === "replica" || lower === "pubsub") return lower;
  throw new ReplyError(`ERR Unknown client type '${word}'`);
}
