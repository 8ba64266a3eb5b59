/** `docs/steps`: a page for each step and a list of all, from the catalogue's declarations. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { CATALOG, exactReference, restartRuleOf, type StepDeclaration } from '../../shared/dist/workflow/index.js';

/** What is read of a JSON Schema. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const NOTE = 'Generated from the catalogue by `npm run generate`; do not edit.';

/** File names below `docs/steps`, and texts. */
export function stepPages(): [name: string, text: string][] {
  return [['README.md', overview()], ...CATALOG.map((step): [string, string] => [fileOf(step), page(step)])];
}

function overview(): string {
  const families = Map.groupBy(CATALOG, ({ name }) => name.split('.')[0]!);
  const sections = [...families].map(([family, steps]) => {
    const rows = steps.map((step) => `| [${step.name}](${fileOf(step)}) | ${step.summary} | ${step.effect} |`);
    return `## ${family}\n\n| step | does | effect |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# Steps\n\n${NOTE}\n\n${sections.join('\n')}`;
}

/** `browser.click` is `browser/click.md`, `data.csv.read` is `data/csv.read.md`, `log` is `log.md`. */
function fileOf({ name }: StepDeclaration): string {
  return `${name.replace('.', '/')}.md`;
}

function page(step: StepDeclaration): string {
  const { name, summary, effect, defaultTimeoutMs, slot, capabilities, needsSession } = step;
  const facts = [
    `| call | \`${exactReference(step)}\` |`,
    `| effect | ${effect}: after a restart \`${restartRuleOf(effect)}\`, unless the document says otherwise |`,
    `| timeout | ${defaultTimeoutMs / 1_000} s, unless the document sets one |`,
    `| runs in | a ${slot} slot${capabilities.length === 0 ? '' : ` of an agent with ${capabilities.map(code).join(', ')}`}${
      needsSession ? ', in a session that is open already' : ''
    } |`,
  ];
  return [
    `# ${name}\n\n${summary}\n`,
    `| | |\n| --- | --- |\n${facts.join('\n')}\n`,
    `## Example\n\n\`\`\`yaml\n${exampleOf(step)}\`\`\`\n`,
    `## Arguments\n\n${members(z.toJSONSchema(step.with, { io: 'input', unrepresentable: 'any' }) as Schema, 'Takes nothing.')}`,
    `## Output\n\n${outputOf(z.toJSONSchema(step.output, { io: 'output', unrepresentable: 'any' }) as Schema)}`,
    `${NOTE}\n`,
  ].join('\n');
}

function exampleOf({ name, example }: StepDeclaration): string {
  const task = Object.keys(example).length === 0 ? { call: name } : { call: name, with: example };
  return stringify([{ [name.split('.').at(-1)!]: task }], { lineWidth: 100 });
}

function outputOf(schema: Schema): string {
  const inner = schema.properties ? schema : schema.type === 'array' && schema.items?.properties ? schema.items : null;
  const said = `${upper(typeOf(schema))}.${schema.description === undefined ? '' : ` ${schema.description}`}\n`;
  return inner === null ? said : `${said}\n${members(inner, '')}`;
}

function members(schema: Schema, none: string): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const required = schema.required?.includes(name) === true ? 'yes' : '';
    return `| \`${name}\` | ${cell(typeOf(property))} | ${required} | ${cell(property.description ?? '')} |`;
  });
  if (rows.length === 0) return `${none === '' ? upper(typeOf(schema)) : none}\n`;
  return `| member | type | always | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum) return schema.enum.map((value) => code(JSON.stringify(value))).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.type === undefined) return 'anything';
  return typeof schema.type === 'string' ? schema.type : schema.type.join(' or ');
}

/** A bar would end the cell, also within code. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function code(text: string): string {
  return `\`${text}\``;
}

function upper(text: string): string {
  return text.startsWith('`') ? text : `${text[0]!.toUpperCase()}${text.slice(1)}`;
}
