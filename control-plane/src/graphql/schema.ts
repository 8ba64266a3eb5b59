/** Builds the schema of `fields.ts` and of the zod schemas behind it. It needs nothing that runs: `npm run generate` writes it. */
import { Agent, Job, PageQuery, WorkflowVersion } from '@casare/shared/api';
import {
  GraphQLBoolean,
  GraphQLObjectType,
  GraphQLSchema,
  getNullableType,
  lexicographicSortSchema,
  printSchema,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigMap,
  type GraphQLOutputType,
} from 'graphql';
import type { z } from 'zod';
import { isRefusal } from '../platform/refusal.ts';
import { boundAnswer, openedQuery } from '../platform/http/list-cursors.ts';
import { parsePart } from '../platform/http/parse.ts';
import { RefusedError } from '../platform/http/problem.ts';
import { argumentsOf, askedBy, type Arguments } from './arguments.ts';
import type { GraphqlContext } from './context.ts';
import { LINKS, MUTATIONS, QUERIES, type OneLink, type OperationField, type PageLink } from './fields.ts';
import { assertRuled, enforce, ruled } from './rules.ts';
import { TypesOfZod } from './types-of-zod.ts';

type Fields = GraphQLFieldConfigMap<object, unknown>;
type Field = GraphQLFieldConfig<object, GraphqlContext, Arguments>;

/** @throws Error for a field without a rule, or two types of one name: a fault of ours, at the start */
export function buildSchema(): GraphQLSchema {
  const types: TypesOfZod = new TypesOfZod(
    (type, members) => withLinks(type, members, types),
    (type) => ({ type, ...ruled('member') }),
  );
  const root = (name: string, fields: Readonly<Record<string, OperationField>>): GraphQLObjectType =>
    new GraphQLObjectType<object, GraphqlContext>({
      name,
      fields: Object.fromEntries(Object.entries(fields).map(([at, field]) => [at, operationField(field, types)])),
    });
  const schema = new GraphQLSchema({ query: root('Query', QUERIES), mutation: root('Mutation', MUTATIONS) });
  assertRuled(schema);
  return enforce(schema);
}

/** The schema as text, the same on every call. */
export function schemaText(): string {
  return `${printSchema(lexicographicSortSchema(buildSchema()))}\n`;
}

function operationField(field: OperationField, types: TypesOfZod): Field {
  const { operation } = field;
  return {
    type: answerType(operation.answer, operation.id, types),
    description: field.description ?? operation.summary,
    args: argumentsOf(field, types),
    ...ruled(operation.permission),
    async resolve(_, given, context) {
      const answer = await context.perform(operation, askedBy(field, given));
      if (isRefusal(answer)) throw new RefusedError(answer);
      return operation.answer === 'nothing' ? true : answer;
    },
  };
}

/** May be null: a field that is refused takes nothing else with it. */
function answerType(answer: OperationField['operation']['answer'], id: string, types: TypesOfZod): GraphQLOutputType {
  if (answer === 'nothing') return GraphQLBoolean;
  if (typeof answer === 'string') throw new Error(`${id} answers with ${answer}, which GraphQL has no type for`);
  const at = id.split('.').map((word) => word[0]!.toUpperCase() + word.slice(1));
  return getNullableType(types.output(answer.json, `${at.join('')}Answer`));
}

/** The members of a type, with its links in the place of those that they name. */
function withLinks(type: string, members: Fields, types: TypesOfZod): Fields {
  const fields = { ...members };
  for (const [name, link] of Object.entries(LINKS[type] ?? {})) {
    const { member } = link as PageLink;
    if (member !== undefined) fields[member] = { ...fields[name]!, resolve: (source) => memberOf(source, name) };
    fields[name] = ('to' in link ? oneField(link, name, types) : pageField(link, types)) as Fields[string];
  }
  return fields;
}

const LINKED = { agent: Agent, workflow: WorkflowVersion, job: Job } as const;

function oneField(link: OneLink, name: string, types: TypesOfZod): Field {
  return {
    type: getNullableType(types.output(LINKED[link.to], name)),
    description: link.description,
    ...ruled(link.as.permission),
    resolve(source, _, { loaders }) {
      const there = memberOf(source, name) as { id: string } | null | undefined;
      const id = link.to === 'job' ? (memberOf(source, 'jobId') ?? memberOf(source, 'id')) : there?.id;
      return typeof id === 'string' ? loaders.one(link.to, id) : null;
    },
  };
}

function pageField(link: PageLink, types: TypesOfZod): Field {
  const { as, description, pages } = link;
  // The object itself says whose page it is.
  const listed: OperationField = { operation: { ...as, query: PageQuery }, fixed: { id: '' } };
  // What else the operation says of its order and filters, so that cursors are those of REST.
  const standing = as.query!.parse({}) as object;
  return {
    type: answerType(as.answer, as.id, types),
    description,
    ...ruled(as.permission),
    args: argumentsOf(listed, types),
    async resolve(source, given, { loaders }) {
      const asked = parsePart('query', PageQuery, askedBy(listed, given).query) as z.output<typeof PageQuery>;
      const query = { ...standing, ...asked };
      const ask = openedQuery(as, query) as typeof query;
      const page = await loaders.page(pages, memberOf(source, 'id') as string, {
        limit: ask.limit,
        cursor: ask.cursor,
      });
      return boundAnswer(as, query, page);
    },
  };
}

function memberOf(source: object, name: string): unknown {
  return (source as Record<string, unknown>)[name];
}
