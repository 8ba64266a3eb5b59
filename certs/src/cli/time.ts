/** Lengths of time on the command line: `90s`, `15m`, `12h`, `30d`. */
import { usage } from './exit.ts';

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const LONGEST_SECONDS = 315_360_000;

/** Seconds. Throws a usage error for anything else, and above ten years. */
export function seconds(text: string): number {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const value = Number(digits) * SECONDS[unit as keyof typeof SECONDS];
  if (Number.isNaN(value) || value > LONGEST_SECONDS) {
    throw usage(`${text} is no length of time: write a number and s, m, h or d, such as 30d, at most 3650d`);
  }
  return value;
}

/** Whole days, rounded up. */
export function days(text: string): number {
  return Math.ceil(seconds(text) / SECONDS.d);
}

/** How far away a time is, for people: `in 12 d`, `3 h ago`. */
export function distance(iso: string, now: Date): string {
  const seconds = Math.round((Date.parse(iso) - now.getTime()) / 1_000);
  const text = roughly(Math.abs(seconds));
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

function roughly(seconds: number): string {
  if (seconds >= 2 * SECONDS.d) return `${Math.floor(seconds / SECONDS.d)} d`;
  if (seconds >= 2 * SECONDS.h) return `${Math.floor(seconds / SECONDS.h)} h`;
  return seconds >= 2 * SECONDS.m ? `${Math.floor(seconds / SECONDS.m)} min` : `${seconds} s`;
}
