/** Leaves the console for a web address; what is none would be run as a script of ours. */
export function leaveFor(url: string): void {
  if (/^https?:$/.test(new URL(url).protocol)) location.assign(url);
}
