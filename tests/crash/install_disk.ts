/** Imported first in a thread of a server under test: its files are a TestDisk's from here on. */
import { systemFiles } from "../../src/runtime/mod.ts";
import { install } from "./test_disk.ts";

install(systemFiles);
