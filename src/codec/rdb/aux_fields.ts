/** The auxiliary fields at the head of an RDB file: who wrote it, when, and what for. Any thread. */
import { latin1Text } from "../../base/bytes.ts";
import { RdbFileError, RdbFileReader, type RdbSource } from "./file_reader.ts";
import { RdbOpcode } from "./format.ts";
import { CorruptRdb } from "./reader.ts";

export type AuxField = readonly [name: string, value: string];

/** Reads the fields of a file of `sizeBytes`; what is wrong with it ends the list, and is told by who loads it. */
export function readAux(source: RdbSource, sizeBytes: number): AuxField[] {
  const reader = new RdbFileReader(source, sizeBytes, false);
  const fields: AuxField[] = [];
  const text = () => {
    reader.string();
    return latin1Text(reader.stringBuf, reader.stringAt, reader.stringAt + reader.stringLen);
  };
  try {
    reader.readHeader();
    while (reader.byte() === RdbOpcode.AUX) fields.push([text(), text()]);
  } catch (error) {
    if (!(error instanceof CorruptRdb) && !(error instanceof RdbFileError)) throw error;
  }
  return fields;
}
