/**
 * `sbom.cdx.json` and `THIRD-PARTY-NOTICES.txt` of a package of ours, whichever it is: what is in it, under which licences,
 * with their texts. The same contents give the same bytes: no time, no random number.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Enums, Models, Serialize, Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { BuildFault } from '../fault.ts';
import { type Licensed, licensed } from './licences.ts';
import type { Locked } from './lockfile.ts';

/** What is packed: `casare-agent` or `casare-control-plane`, and what of others is in it. */
export interface Packed {
  readonly name: string;
  readonly version: string;
  /** Of npm: bundled, apart, and Node's carrier. */
  readonly packages: readonly Locked[];
}

export const BILL = 'sbom.cdx.json';
export const NOTICES = 'THIRD-PARTY-NOTICES.txt';

/** Writes both files into `out`. Throws LICENCE_MISSING when a text is not there. */
export async function writeNotices(root: string, out: string, packed: Packed): Promise<void> {
  const all = await licensed(root, packed.packages);
  await writeFile(path.join(out, BILL), await billOf(packed, all));
  await writeFile(path.join(out, NOTICES), noticesOf(packed, all));
}

/** CycloneDX 1.6, as its own schema has it. */
async function billOf(packed: Packed, all: readonly Licensed[]): Promise<string> {
  const self = component(Enums.ComponentType.Application, packed.name, packed.version, 'Apache-2.0');
  const bill = new Models.Bom({ metadata: new Models.Metadata({ component: self }) });
  for (const one of all) bill.components.add(componentOf(one));
  for (const one of bill.components) self.dependencies.add(one.bomRef);
  const version = Spec.Version.v1dot6;
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  const text = new Serialize.JsonSerializer(factory).serialize(bill, { sortLists: true, space: 1 });
  const wrong: unknown = await new Validation.JsonStrictValidator(version).validate(text);
  if (wrong !== null) throw new BuildFault('BILL_INVALID', `${BILL} is not CycloneDX 1.6: ${JSON.stringify(wrong)}`);
  return `${text}\n`;
}

function componentOf({ name, version, integrity, licence, work }: Licensed): Models.Component {
  const made = component(Enums.ComponentType.Library, name, version, licence);
  if (work !== undefined) {
    made.description = `inside ${work.carrier}`;
    return made;
  }
  made.purl = `pkg:npm/${name.replace('@', '%40')}@${version ?? ''}`;
  if (integrity?.startsWith('sha512-')) {
    const digest = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
    made.hashes.set(Enums.HashAlgorithm['SHA-512'], digest);
  }
  return made;
}

function component(type: Enums.ComponentType, name: string, version: string | undefined, licence: string) {
  const made = new Models.Component(type, name, { bomRef: version === undefined ? name : `${name}@${version}` });
  if (version !== undefined) made.version = version;
  const expression = /[ ()]/.test(licence);
  made.licenses.add(expression ? new Models.LicenseExpression(licence) : new Models.SpdxLicense(licence));
  return made;
}

/** Each text stands once, below those who use it. */
function noticesOf(packed: Packed, all: readonly Licensed[]): string {
  const byText = new Map<string, Licensed[]>();
  for (const one of all) {
    const key = createHash('sha256').update(one.text).digest('hex');
    byText.set(key, [...(byText.get(key) ?? []), one]);
  }
  const head =
    `${packed.name} ${packed.version} contains works of others. They are named here with their licences.\n` +
    `${BILL}, beside this file, lists the same for programs.\n`;
  const line = '='.repeat(100);
  return [head, ...[...byText.values()].map((some) => `${line}\n${some.map(heading).join('\n')}\n\n${some[0]!.text}\n`)]
    .join('\n')
    .replaceAll('\r\n', '\n');
}

function heading({ name, version, licence, work }: Licensed): string {
  const title = `${version === undefined ? name : `${name} ${version}`} (${licence})`;
  if (work === undefined) return title;
  const lines = [`${title}, inside ${work.carrier}`, `  Source: ${work.source}`];
  return [...lines, ...(work.replace === undefined ? [] : [`  To replace it: ${work.replace}`])].join('\n');
}
