/** Units of systemd, as far as tests and builds ask what stands in them. */

/** The values of each key of a section, in their order. */
export type UnitSection = ReadonlyMap<string, readonly string[]>;

/** Reads a unit: its sections. Lines that go on in the next are not used in ours, and are refused. */
export function readUnit(text: string): ReadonlyMap<string, UnitSection> {
  const sections = new Map<string, Map<string, string[]>>();
  let section: Map<string, string[]> | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const [, name] = /^\[([^\]]+)\]$/.exec(line) ?? [];
    if (name !== undefined) {
      section = new Map<string, string[]>();
      sections.set(name, section);
      continue;
    }
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (section === undefined || key === undefined || value === undefined || value.endsWith('\\')) {
      throw new Error(`line ${index + 1} of the unit is not understood: ${line}`);
    }
    section.set(key, [...(section.get(key) ?? []), value]);
  }
  return sections;
}
