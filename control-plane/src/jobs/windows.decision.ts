/**
 * Whether a closure closes now. A weekly window begins when the wall clock of its zone shows `start` on one of its days and
 * lasts `minutes` of real time: an hour that is repeated or left out makes it neither longer nor shorter. A start that is
 * left out is when the clocks go forward past it; of one that comes twice the first counts. Pure.
 */
import type { ClosureTimes } from '@casare/shared/api';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** True while it closes. `now`: milliseconds since 1970. */
export function isClosed(times: ClosureTimes, now: number): boolean {
  if (times.kind === 'always') return true;
  if (times.kind === 'once') return Date.parse(times.from) <= now && now < Date.parse(times.to);
  const zone = zoneOf(times.timeZone);
  const local = now + zone(now);
  const [hours = 0, minutes = 0] = times.start.split(':').map(Number);
  // At most a day long: it began on the local day of now, or on one of the two before or the one after a jump of the clock.
  for (const back of [-1, 0, 1, 2]) {
    const midnight = Math.floor(local / DAY) * DAY - back * DAY;
    // 1970-01-01 was a Thursday.
    if (!times.days.includes(((midnight / DAY + 3) % 7) + 1)) continue;
    const begins = instantOf(midnight + (hours * 60 + minutes) * MINUTE, zone);
    if (begins <= now && now < begins + times.minutes * MINUTE) return true;
  }
  return false;
}

/** Local minus universal time at an instant, milliseconds. */
type Zone = (at: number) => number;

/** When the wall clock shows `local`: the first time, or the jump over it. */
function instantOf(local: number, zone: Zone): number {
  const [before, after] = [zone(local - DAY), zone(local + DAY)];
  const fits = [local - before, local - after].filter((at) => at + zone(at) === local);
  if (fits.length > 0) return Math.min(...fits);
  // Left out: the jump lies between the two readings.
  let [low, high] = [local - Math.max(before, after), local - Math.min(before, after)];
  while (high - low > MINUTE) {
    const middle = Math.floor((low + high) / 2 / MINUTE) * MINUTE;
    if (zone(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

function zoneOf(timeZone: string): Zone {
  const format = formatOf(timeZone);
  return (at) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const shown = Date.UTC(
      part['year']!,
      part['month']! - 1,
      part['day'],
      part['hour'],
      part['minute'],
      part['second'],
    );
    return shown - Math.floor(at / 1_000) * 1_000;
  };
}

/** Making one is slow. There are some 600 zones with all their names. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' } as const;
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ ...parts, minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone },
  });
  if (formats.size < 1_000) formats.set(timeZone, format);
  return format;
}
