/** The persistence thread on a TestDisk. */
import "./install_disk.ts";
import "../../src/threads/persistence/worker.ts";
