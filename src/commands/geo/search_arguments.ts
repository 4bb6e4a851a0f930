/** The arguments of GEOSEARCH, GEOSEARCHSTORE and the GEORADIUS commands. */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { scoreArgument } from "../sorted_sets/bounds.ts";
import { Area } from "./area.ts";
import { longitudeArgument, unitArgument } from "./distance.ts";
import { latitudeOf, longitudeOf } from "./geohash.ts";

const NEED_RADIUS = new ReplyError("ERR need numeric radius");
const NEED_WIDTH = new ReplyError("ERR need numeric width");
const NEED_HEIGHT = new ReplyError("ERR need numeric height");
const RADIUS_NEGATIVE = new ReplyError("ERR radius cannot be negative");
const BOX_NEGATIVE = new ReplyError("ERR height or width cannot be negative");
const NO_SUCH_MEMBER = new ReplyError("ERR could not decode requested zset member");
const COUNT_NOT_POSITIVE = new ReplyError("ERR COUNT must be > 0");
const ANY_WITHOUT_COUNT = new ReplyError("ERR the ANY argument requires COUNT argument");

/** What tells the commands apart. */
export interface SearchForm {
  readonly name: string;
  /** Number of the argument with the searched key. */
  readonly source: number;
  /** The centre of the GEORADIUS commands, which they have before their options; GEOSEARCH has it among them. */
  readonly centre: "point" | "member" | "option";
  /** STORE and STOREDIST with a key (GEORADIUS), the first argument as target (GEOSEARCHSTORE), or neither. */
  readonly store: "option" | "target" | "none";
}

/** Orders of a reply. */
export const SORT_NONE = 0;
export const SORT_ASCENDING = 1;
export const SORT_DESCENDING = -1;

/** What a search is asked for. */
export class Search {
  /** The searched zset, or 0. */
  e = 0;
  readonly area = new Area();
  withDistance = false;
  withHash = false;
  withPoint = false;
  sort: number = SORT_NONE;
  /** 0: all. */
  count = 0;
  any = false;
  /** The argument with the key to store in, or 0. */
  target = 0;
  storeDistance = false;
  private hasCentre = false;
  private hasShape = false;

  /** Looks the key up, then parses. (In this order in Redis, too: WRONGTYPE comes before any other error.) */
  constructor(private readonly call: Call, private readonly form: SearchForm) {
    const { source, centre } = form;
    this.e = call.readTyped(source, Type.ZSET);
    if (form.store === "target") this.target = 1;
    let i = source + 1;
    if (centre === "point") {
      this.setPoint(i);
      this.setCircle(i + 2);
      i += 4;
    } else if (centre === "member") {
      // Without the key there is nothing to measure from, and Redis does not look at the radius either.
      if (this.e !== 0) {
        this.setMember(i);
        this.setCircle(i + 1);
      }
      i += 3;
    }
    this.parseOptions(i);
    this.check();
    // The nearest of all need an order; with ANY the first that come will do.
    if (this.count !== 0 && this.sort === SORT_NONE && !this.any) this.sort = SORT_ASCENDING;
  }

  private parseOptions(i: number): void {
    const { call } = this;
    for (; i < call.argc; i++) {
      if (call.is(i, "withdist")) this.withDistance = true;
      else if (call.is(i, "withhash")) this.withHash = true;
      else if (call.is(i, "withcoord")) this.withPoint = true;
      else if (call.is(i, "any")) this.any = true;
      else if (call.is(i, "asc")) this.sort = SORT_ASCENDING;
      else if (call.is(i, "desc")) this.sort = SORT_DESCENDING;
      else i += this.parseValued(i, call.argc - i - 1);
    }
  }

  /** An option with values, of which `left` arguments are left; returns how many it took. */
  private parseValued(i: number, left: number): number {
    const { call, form } = this;
    if (left >= 1 && call.is(i, "count")) {
      this.count = call.int(i + 1);
      if (this.count <= 0) throw COUNT_NOT_POSITIVE;
      return 1;
    }
    if (form.store === "option" && left >= 1 && (call.is(i, "store") || call.is(i, "storedist"))) {
      this.target = i + 1;
      this.storeDistance = call.is(i, "storedist");
      return 1;
    }
    if (form.store === "target" && call.is(i, "storedist")) {
      this.storeDistance = true;
      return 0;
    }
    if (form.centre !== "option") throw SYNTAX_ERROR;
    if (left >= 1 && !this.hasCentre && call.is(i, "frommember")) {
      if (this.e !== 0) this.setMember(i + 1);
      this.hasCentre = true;
      return 1;
    }
    if (left >= 2 && !this.hasCentre && call.is(i, "fromlonlat")) {
      this.setPoint(i + 1);
      this.hasCentre = true;
      return 2;
    }
    if (left >= 2 && !this.hasShape && call.is(i, "byradius")) {
      this.setCircle(i + 1);
      this.hasShape = true;
      return 2;
    }
    if (left >= 3 && !this.hasShape && call.is(i, "bybox")) {
      this.setBox(i + 1);
      this.hasShape = true;
      return 3;
    }
    throw SYNTAX_ERROR;
  }

  private check(): void {
    const { form, call } = this;
    if (this.target !== 0 && (this.withDistance || this.withHash || this.withPoint)) {
      const what = form.store === "target" ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
      throw new ReplyError(`ERR ${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`);
    }
    if (form.centre === "option" && !this.hasCentre) {
      throw new ReplyError(`ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${call.text(0)}`);
    }
    if (form.centre === "option" && !this.hasShape) {
      throw new ReplyError(`ERR exactly one of BYRADIUS and BYBOX can be specified for ${call.text(0)}`);
    }
    if (this.any && this.count === 0) throw ANY_WITHOUT_COUNT;
  }

  private setPoint(i: number): void {
    this.area.longitude = longitudeArgument(this.call, i);
    this.area.latitude = scoreArgument(this.call, i + 1);
  }

  private setMember(i: number): void {
    const { call, area } = this;
    const zsets = call.storeOf(this.form.source).zsets;
    if (!zsets.find(this.e, call.buf, call.at[i], call.len[i])) throw NO_SUCH_MEMBER;
    area.longitude = longitudeOf(zsets.score);
    area.latitude = latitudeOf(zsets.score);
  }

  private setCircle(i: number): void {
    const { call, area } = this;
    const radius = scoreArgument(call, i, NEED_RADIUS);
    if (radius < 0) throw RADIUS_NEGATIVE;
    area.unit = unitArgument(call, i + 1);
    area.radius = radius * area.unit;
  }

  private setBox(i: number): void {
    const { call, area } = this;
    const width = scoreArgument(call, i, NEED_WIDTH);
    const height = scoreArgument(call, i + 1, NEED_HEIGHT);
    if (width < 0 || height < 0) throw BOX_NEGATIVE;
    area.isBox = true;
    area.unit = unitArgument(call, i + 2);
    area.width = width * area.unit;
    area.height = height * area.unit;
  }
}
