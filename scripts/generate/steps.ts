/** `docs/steps/*.md`: a page for each family of steps, from the catalogue's schemas. */
import { z } from 'zod';
import { CATALOG, restartRuleOf, type StepDeclaration } from '../../shared/dist/workflow/index.js';

interface Property {
  readonly type?: string | string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Property[];
  readonly items?: Property;
  readonly default?: unknown;
}

/** File names and texts. */
export function stepPages(): [name: string, text: string][] {
  const families = Map.groupBy(CATALOG, (step) => step.name.split('.')[0]!);
  const pages = [...families].map(([family, steps]): [string, string] => [`${family}.md`, page(family, steps)]);
  const index = [...families].map(
    ([family, steps]) => `- [${family}](${family}.md): ${steps.map(({ name }) => `\`${name}\``).join(', ')}`,
  );
  return [
    [
      'README.md',
      `# Steps\n\nGenerated from the catalogue by \`npm run generate\`; do not edit.\n\n${index.join('\n')}\n`,
    ],
    ...pages,
  ];
}

function page(family: string, steps: readonly StepDeclaration[]): string {
  return [
    `# ${family}\n\nGenerated from the catalogue by \`npm run generate\`; do not edit.\n`,
    ...steps.map(section),
  ].join('\n');
}

function section(step: StepDeclaration): string {
  const schema = z.toJSONSchema(step.with, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, Property>;
    required?: string[];
  };
  const rows = Object.entries(schema.properties ?? {}).map(
    ([name, property]) =>
      `| \`${name}\` | ${typeOf(property)} | ${schema.required?.includes(name) ? 'yes' : ''} | ${property.description ?? ''} |`,
  );
  return [
    `## ${step.name}\n\n${step.summary}\n`,
    `\`call: ${step.name}:${step.version}@default\`. Effect: ${step.effect} (after a restart: ${restartRuleOf(step.effect)}). ` +
      `Timeout unless the document sets one: ${step.defaultTimeoutMs / 1_000} s. Slot: ${step.slot}.\n`,
    rows.length > 0
      ? `| with | type | required | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
      : 'Takes nothing.\n',
  ].join('\n');
}

function typeOf(property: Property): string {
  if (property.enum) return property.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (property.anyOf) return property.anyOf.map(typeOf).join(' or ');
  if (property.type === 'array') return `list of ${typeOf(property.items ?? {})}`;
  return String(property.type ?? 'anything');
}
