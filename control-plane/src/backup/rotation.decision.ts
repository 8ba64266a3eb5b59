/** Which backups of a folder that is filled by a timer may go. Names say when they were made; others' files are never named. */

const NAME = /^(casare-\d{8}T\d{6}Z)\.(backup|keys)$/;

/** Without an ending: `casare-20261126T030000Z`. */
export function rotationStem(now: Date): string {
  return `casare-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

/**
 * The stems whose archive and keys go, the oldest first, so that the newest `keep` stay. Only archives count as backups: keys
 * without an archive of theirs are left alone, since the archive may have been moved elsewhere.
 */
export function outdated(archives: readonly string[], keep: number): string[] {
  const stems = archives.flatMap((name) => {
    const [, stem, ending] = NAME.exec(name) ?? [];
    return stem !== undefined && ending === 'backup' ? [stem] : [];
  });
  return stems.sort().slice(0, Math.max(0, stems.length - keep));
}
