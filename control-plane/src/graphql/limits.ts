/**
 * How much a request may ask for. A document is measured before it is validated or carried out: how deep it is, how many
 * aliases and root fields it has, and its cost, an upper bound of what it reads. Fragments count wherever they are spread.
 *
 * Invariants: measuring itself is bounded (`VISITS`), also where fragments go in circles or double at each level; what is
 * over a limit is refused as a whole, and nothing of it is carried out.
 */
import { PageQuery } from '@casare/shared/api';
import {
  getNamedType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { refuse, type Refusal } from '../platform/refusal.ts';

/** A field and everything below it. */
export const LIMITS = {
  /** Characters of a document. */
  document: 32_768,
  /** Names, brackets and values of a document. */
  tokens: 2_000,
  /** Fields within fields. */
  depth: 8,
  /** Fragments within fragments. */
  fragments: 20,
  /** The same as `depth` in `__schema`, whose usual query is deeper; `graphql` bounds how often it goes in circles. */
  descriptionDepth: 20,
  aliases: 30,
  /** Fields of the root: operations. */
  roots: 10,
  cost: 10_000,
  /** Milliseconds. */
  time: 10_000,
} as const;

/** Fields looked at while measuring. */
const VISITS = 5_000;
/** An object costs 1; these hold what people and workflows put in, and may be large. */
const LARGE: Readonly<Record<string, number>> = { Job: 10, Step: 10, WorkflowVersionDetail: 10, DeadLetterDetails: 10 };

export interface Measured {
  readonly cost: number;
}

interface Counts {
  visits: number;
  aliases: number;
}

interface Measuring {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly schema: GraphQLSchema;
  readonly counts: Counts;
}

class OverLimit extends Error {
  readonly refusal: Refusal;
  constructor(what: string, limit: number) {
    super(what);
    this.refusal = refuse('invalid', 'GRAPHQL_LIMIT', 'The document asks for more than one request may.', {
      detail: `It has ${what} than ${limit}.`,
      fix: 'Ask in several requests, for fewer or smaller pages (`limit`), or for fewer fields.',
    });
  }
}

/** What the operation costs, or why it is refused. */
export function measure(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Measured | Refusal {
  const root = schema.getRootType(operation.operation);
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  const measuring = { fragments, variables, schema, counts: { visits: 0, aliases: 0 } };
  try {
    const fields = [...fieldsIn(operation.selectionSet, measuring, 0)];
    atMost(fields.length, LIMITS.roots, 'more operations');
    const cost = costOf(fields, root ?? null, measuring, 1);
    return { cost };
  } catch (error) {
    if (error instanceof OverLimit) return error.refusal;
    throw error;
  }
}

function costOf(
  fields: readonly FieldNode[],
  parent: GraphQLObjectType | null,
  measuring: Measuring,
  depth: number,
): number {
  atMost(depth, LIMITS.depth, 'fields within fields deeper');
  let cost = 0;
  for (const field of fields) {
    countAlias(field, measuring);
    // What describes the schema reads nothing.
    if (field.name.value.startsWith('__')) countAliases(field, measuring, depth + 1);
    else cost += costOfField(field, parent, measuring, depth);
    atMost(cost, LIMITS.cost, 'a cost higher');
  }
  return cost;
}

function costOfField(field: FieldNode, parent: GraphQLObjectType | null, measuring: Measuring, depth: number): number {
  const definition = parent?.getFields()[field.name.value];
  const type = definition && getNamedType(definition.type);
  const object = isObjectType(type) ? type : null;
  const set = field.selectionSet;
  const below = set === undefined ? 0 : costOf([...fieldsIn(set, measuring, 0)], object, measuring, depth + 1);
  // The items of a page are counted by the limit of its field.
  const isPage = definition?.args.some(({ name }) => name === 'limit') === true;
  if (isPage) return 1 + limitOf(field, measuring) * below;
  return below + (object === null ? 0 : (LARGE[object.name] ?? 1));
}

function countAlias(field: FieldNode, { counts }: Measuring): void {
  if (field.alias !== undefined) counts.aliases += 1;
  atMost(counts.aliases, LIMITS.aliases, 'more aliases');
}

function countAliases(field: FieldNode, measuring: Measuring, depth: number): void {
  atMost(depth, LIMITS.descriptionDepth, 'fields within fields of the description of the schema deeper');
  if (field.selectionSet === undefined) return;
  for (const inner of fieldsIn(field.selectionSet, measuring, 0)) {
    countAlias(inner, measuring);
    countAliases(inner, measuring, depth + 1);
  }
}

/** The fields of a selection, those of its fragments too. */
function* fieldsIn(set: SelectionSetNode, measuring: Measuring, nesting: number): Generator<FieldNode> {
  for (const selection of set.selections) {
    measuring.counts.visits += 1;
    atMost(measuring.counts.visits, VISITS, 'more fields, those of fragments counted wherever they are spread,');
    if (selection.kind === Kind.FIELD) yield selection;
    else {
      // A circle never ends: fragments within fragments are fewer than this.
      atMost(nesting, LIMITS.fragments, 'fragments within fragments deeper');
      const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : measuring.fragments.get(selection.name.value);
      if (inner) yield* fieldsIn(inner.selectionSet, measuring, nesting + 1);
    }
  }
}

/** How many items a page may have: as the field says, or its variable. */
function limitOf(field: FieldNode, { variables }: Measuring): number {
  const value = field.arguments?.find(({ name }) => name.value === 'limit')?.value;
  if (value === undefined) return DEFAULT;
  const given = value.kind === Kind.INT ? Number(value.value) : null;
  const known = value.kind === Kind.VARIABLE ? variables[value.name.value] : given;
  // What is not known here (a default of the document's own) may be as much as there is.
  return typeof known === 'number' && known >= 1 ? known : MOST;
}

const DEFAULT = PageQuery.parse({}).limit;
const MOST = PageQuery.shape.limit.unwrap().maxValue ?? Infinity;

function atMost(count: number, limit: number, what: string): void {
  if (count > limit) throw new OverLimit(what, limit);
}
