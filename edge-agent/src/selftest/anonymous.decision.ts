/** Takes names of persons, machines and folders out of a reason. Pure. */

/** Shorter names would be found in ordinary words. */
const SHORTEST = 3;

/** @param names what is taken out, and what stands there instead; longer ones first, since a path holds a name */
export function anonymous(text: string, names: Readonly<Record<string, string>>): string {
  const known = Object.entries(names)
    .filter(([name]) => name.length >= SHORTEST)
    .sort(([one], [other]) => other.length - one.length);
  let clean = text;
  for (const [name, instead] of known) {
    const found = new RegExp(name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`), 'gi');
    clean = clean.replace(found, () => instead);
  }
  return clean.replaceAll(/([A-Z]:\\Users\\|\/home\/)[^\\/\s]+/gi, (_, folder: string) => `${folder}<user>`);
}
