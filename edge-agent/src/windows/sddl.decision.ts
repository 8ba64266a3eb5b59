/**
 * Who may do what with a file of Windows, read from its security descriptor as text (SDDL), and judged. The text names
 * accounts by number or by two letters, never by their names, which are translated.
 *
 * Invariant: what cannot be read, or is of a kind that is not known, counts as open to everybody.
 */
export interface Security {
  /** Number or letters of the owner. */
  readonly owner: string;
  /** Null: there is no list, and everybody may do everything. */
  readonly grants: readonly Grant[] | null;
}

/** What somebody is allowed. What is denied takes nothing from it here: that is on the safe side. */
interface Grant {
  readonly who: string;
  readonly rights: number;
  /** Holds for what will be made inside, not for the folder itself. */
  readonly onlyInside: boolean;
}

/** What others must not have. */
export type Guarded =
  /** Anything at all: keys, and the folder that holds them. */
  | 'private'
  /** A change of the content, or of who may change it: settings that anybody may read. */
  | 'unchanged'
  /** A folder on the way: putting something else in the place of what is in it. */
  | 'way';

const ALL = 0xffff_ffff;
const RIGHTS: Readonly<Record<string, number>> = {
  ...{ GA: 0x1000_0000, GR: 0x8000_0000, GW: 0x4000_0000, GX: 0x2000_0000 },
  ...{ FA: 0x1f_01ff, FR: 0x12_0089, FW: 0x12_0116, FX: 0x12_00a0 },
  ...{ RC: 0x2_0000, SD: 0x1_0000, WD: 0x4_0000, WO: 0x8_0000 },
  ...{ CC: 0x1, DC: 0x2, LC: 0x4, SW: 0x8, RP: 0x10, WP: 0x20, DT: 0x40, LO: 0x80, CR: 0x100 },
};
/** Delete it, rewrite its list, take it over, everything. */
const POWER = 0x1_0000 | 0x4_0000 | 0x8_0000 | 0x1000_0000;
const CHANGE = POWER | 0x2 | 0x4 | 0x10 | 0x4000_0000;
/** Delete what is in the folder. */
const REPLACE = POWER | 0x40;
const FORBIDDEN: Readonly<Record<Guarded, number>> = { private: ALL, unchanged: CHANGE, way: REPLACE };

/** Entries that grant nothing: what is denied, watched, labelled. */
const NO_GRANT = new Set(['D', 'OD', 'XD', 'AU', 'OU', 'XU', 'AL', 'OL', 'ML', 'RA', 'SP', 'TL', 'FL']);
/** The service that owns what Windows itself has installed. */
const TRUSTED_INSTALLER = 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464';
/** System, administrators, the account that owns Windows' own files, the owner himself, who is judged as such. */
const TRUSTED = ['SY', 'BA', 'LA', 'OW', 'CO', 'S-1-5-18', 'S-1-5-32-544', TRUSTED_INSTALLER];
const NAMES: Readonly<Record<string, string>> = {
  ...{ WD: 'everyone', AU: 'all who are signed in', BU: 'all users', IU: 'whoever sits at it', AN: 'anonymous users' },
  ...{ BG: 'guests', NU: 'users of the network', SU: 'all services', LS: 'Local Service', NS: 'Network Service' },
};

/** Reads owner and access list; null for what is no such text. */
export function readSddl(text: string): Security | null {
  const owner = /^O:(S-1-[0-9-]+|[A-Z]{2})(?=[GDS]:|$)/.exec(text)?.[1];
  if (owner === undefined) return null;
  const list = /^(?:G:(?:S-1-[0-9-]+|[A-Z]{2}))?D:([A-Z_]*)(.*)$/s.exec(text.slice(owner.length + 2));
  if (list === null || (list[1] ?? '').includes('NO_ACCESS_CONTROL')) return { owner, grants: null };
  const entries = entriesOf(list[2] ?? '');
  return entries === null ? null : { owner, grants: entries.map(grantOf).filter((grant) => grant !== null) };
}

/**
 * Who, besides those who may, can do what the file must be guarded from; null when nobody can.
 * @param own accounts that may: that of the agent, and whoever else it was made for
 */
export function exposedTo(security: Security | null, guarded: Guarded, own: Iterable<string>): string | null {
  if (security === null || security.grants === null) return 'everyone';
  const trusted = new Set([...TRUSTED, ...own]);
  if (!trusted.has(security.owner)) return nameOf(security.owner);
  const open = security.grants.find(
    ({ who, rights, onlyInside }) =>
      !trusted.has(who) && (rights & FORBIDDEN[guarded]) !== 0 && (guarded === 'private' || !onlyInside),
  );
  return open === undefined ? null : nameOf(open.who);
}

/** A list that lets only these accounts in, and inherits nothing. */
export function privateList(accounts: Iterable<string>, isFolder: boolean): string {
  const inside = isFolder ? 'OICI' : '';
  return `D:P${['SY', 'BA', ...accounts].map((who) => `(A;${inside};FA;;;${who})`).join('')}`;
}

/** The parts in parentheses, one level deep; null when the text is not made of them. What audits (`S:`) ends them. */
function entriesOf(text: string): string[] | null {
  const entries: string[] = [];
  let [depth, start] = [0, 0];
  for (const [index, letter] of [...text].entries()) {
    if (letter === '(') {
      if (depth === 0) start = index + 1;
      depth += 1;
    } else if (letter === ')') {
      depth -= 1;
      if (depth < 0) return null;
      if (depth === 0) entries.push([...text].slice(start, index).join(''));
    } else if (depth === 0) return text.slice(index).startsWith('S:') ? entries : null;
  }
  return depth === 0 ? entries : null;
}

/** `type;flags;rights;object;inherited;account[;condition]`. */
function grantOf(entry: string): Grant | null {
  const [type = '', flags = '', rights = '', , , who = ''] = entry.split(';');
  if (NO_GRANT.has(type)) return null;
  return { who: who || 'WD', rights: rightsOf(rights), onlyInside: /^(?:..)*IO/.test(flags) };
}

function rightsOf(text: string): number {
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text) >>> 0;
  return (text.match(/..?/g) ?? []).reduce((all, letters) => (all | (RIGHTS[letters] ?? ALL)) >>> 0, 0);
}

function nameOf(who: string): string {
  return NAMES[who] === undefined ? who : `${NAMES[who]} (${who})`;
}
