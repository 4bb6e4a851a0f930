/** Grammar of the geospatial commands. */

import type { Family } from "../grammar.ts";

export const geo: Family = {
  name: "geo",
  kinds: {
    longitude: (random) => String(random.chance(0.95) ? random.between(-1800, 1800) / 10 : 181),
    latitude: (random) => String(random.chance(0.95) ? random.between(-850, 850) / 10 : 86),
    place: (random) => "p" + random.between(0, 9),
    distance: (random) => String(random.pick([0, 10, 500, 2000, 9000, 30000])),
    unit: (random) => random.chance(0.95) ? random.pick(["m", "km", "ft", "mi"]) : "x",
  },
  commands: `
    8: GEOADD geo [NX | XX] [CH] {longitude latitude place}
    3: GEOPOS geo {place}
    3: GEODIST geo place place [unit]
    2: GEOHASH geo {place}
    4: GEOSEARCH geo FROMLONLAT longitude latitude BYRADIUS distance unit [ASC | DESC] [WITHCOORD] [WITHDIST] [WITHHASH]
    3: GEOSEARCH geo FROMMEMBER place BYBOX distance distance unit ASC [COUNT count] [WITHDIST]
    2: GEOSEARCHSTORE geo geo FROMMEMBER place BYRADIUS distance unit [STOREDIST]
    2: GEORADIUS geo longitude latitude distance unit ASC [COUNT count] [WITHDIST]
    2: GEORADIUSBYMEMBER geo place distance unit ASC [WITHCOORD]
    1: ZREM geo place
  `,
};
