/** Objects made of XML. Bound: elements and attributes together. */
import type { Json } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';
import { localName, type XmlListener } from './xml-stream.ts';

const NODES = 500_000;

interface TreeOptions {
  /** Names of elements that are a list also when they are alone. */
  readonly lists: ReadonlySet<string>;
  readonly prefixes: 'keep' | 'drop';
}

interface Open {
  readonly members: Map<string, Json[]>;
  text: string;
}

/** Listens to a document; `root` is `{ name: value }` afterwards. */
export class TreeOfXml implements XmlListener {
  readonly #options: TreeOptions;
  readonly #open: Open[] = [{ members: new Map(), text: '' }];
  #nodes = 0;

  constructor(options: TreeOptions) {
    this.#options = options;
  }

  get root(): Json {
    return this.#valueOf(this.#open[0]!);
  }

  open(_name: string, attributes: Readonly<Record<string, string>>): void {
    const members = new Map<string, Json[]>();
    for (const [name, value] of Object.entries(attributes)) {
      this.#count();
      // Declarations of namespaces say what prefixes mean, and those are dropped.
      if (this.#options.prefixes === 'drop' && (name === 'xmlns' || name.startsWith('xmlns:'))) continue;
      members.set(`@${this.#nameOf(name)}`, [value]);
    }
    this.#count();
    this.#open.push({ members, text: '' });
  }

  text(text: string): void {
    const open = this.#open.at(-1);
    if (open !== undefined) open.text += text;
  }

  close(name: string): void {
    const closed = this.#open.pop();
    const around = this.#open.at(-1);
    if (closed === undefined || around === undefined) return;
    const own = this.#nameOf(name);
    const values = around.members.get(own);
    if (values === undefined) around.members.set(own, [this.#valueOf(closed)]);
    else values.push(this.#valueOf(closed));
  }

  #valueOf({ members, text }: Open): Json {
    const trimmed = text.trim();
    if (members.size === 0) return trimmed;
    const entries = [...members].map(([name, values]): [string, Json] => [
      name,
      values.length > 1 || this.#options.lists.has(name) ? values : values[0]!,
    ]);
    return Object.fromEntries(trimmed === '' ? entries : [...entries, ['#text', trimmed]]);
  }

  #nameOf(name: string): string {
    return this.#options.prefixes === 'drop' ? localName(name) : name;
  }

  #count(): void {
    this.#nodes += 1;
    if (this.#nodes > NODES) throw tooMany();
  }
}

function tooMany(): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'XML_TOO_LARGE',
    title: 'The file has too many elements',
    detail: `It has more than ${NODES} elements and attributes.`,
    certain: true,
  });
}
