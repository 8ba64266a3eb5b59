/**
 * GraphQL types made of the zod schemas that REST is declared by: objects, lists, enumerations and scalars. There is no
 * second description of a job. What GraphQL cannot say (records, unions, any JSON) is the scalar `JSON`; the schema parses
 * it all the same.
 *
 * Invariant: a name stands for one schema; two schemas under one name are a failure at the start.
 */
import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLFloat,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigMap,
  type GraphQLInputType,
  type GraphQLLeafType,
  type GraphQLOutputType,
} from 'graphql';
import { z } from 'zod';
import { nameWithin, ownName, valueName } from './names.ts';
import { DATE_TIME, JSON_VALUE, SAFE_INT } from './scalars.ts';

/** A schema without what is around it. */
interface Peeled {
  readonly schema: z.ZodType;
  /** `null` may stand in its place. */
  readonly nullable: boolean;
  /** It may be left out. */
  readonly optional: boolean;
}

type Fields = GraphQLFieldConfigMap<object, unknown>;
/** The fields of a type, given those that show its members. */
export type FieldsOf = (type: string, members: Fields) => Fields;
/** Made for each field that shows a member of its object. */
export type MemberField = (type: GraphQLOutputType) => GraphQLFieldConfig<object, unknown>;

type Shape = Readonly<Record<string, z.ZodType>>;

const INT_MAX = 2 ** 31 - 1;

export class TypesOfZod {
  readonly #fieldsOf: FieldsOf;
  readonly #member: MemberField;
  readonly #made = new Map<
    string,
    { of: unknown; type: GraphQLObjectType | GraphQLInputObjectType | GraphQLEnumType }
  >();

  constructor(fieldsOf: FieldsOf, member: MemberField) {
    this.#fieldsOf = fieldsOf;
    this.#member = member;
  }

  /** The type of an answer. `at` names it where it has no name of its own. */
  output(schema: z.ZodType, at: string): GraphQLOutputType {
    const peeled = peel(schema);
    const type = this.#outputOf(peeled.schema, at);
    // `null` is a JSON value too.
    const mayBeNull = peeled.nullable || peeled.optional || (type === JSON_VALUE && takesNull(peeled.schema));
    return mayBeNull ? type : new GraphQLNonNull(type);
  }

  /** The type of an argument. `at` names it where it has no name of its own. */
  input(schema: z.ZodType, at: string): GraphQLInputType {
    const peeled = peel(schema);
    const type = this.#inputOf(peeled.schema, at);
    return peeled.nullable || peeled.optional ? type : new GraphQLNonNull(type);
  }

  #outputOf(schema: z.ZodType, at: string): GraphQLOutputType {
    if (schema instanceof z.ZodArray) return new GraphQLList(this.output(schema.element as z.ZodType, at));
    if (!(schema instanceof z.ZodObject)) return this.#leaf(schema, at);
    const shape = schema.shape as Shape;
    const page = pageName(shape);
    const name = ownName(schema) ?? page ?? at;
    // Lists of the same items are pages of one kind.
    return this.#once(name, page === null ? schema : (shape['items'] as z.ZodArray).element, () => {
      const fields = () => this.#fieldsOf(name, this.#members(name, shape));
      return new GraphQLObjectType({ name, fields });
    });
  }

  #members(name: string, shape: Shape): Fields {
    const fields = Object.entries(shape).map(([member, schema]) => {
      const type = member === 'id' ? new GraphQLNonNull(GraphQLID) : this.output(schema, nameWithin(name, member));
      return [member, this.#member(type)] as const;
    });
    return Object.fromEntries(fields);
  }

  #inputOf(schema: z.ZodType, at: string): GraphQLInputType {
    if (schema instanceof z.ZodArray) return new GraphQLList(this.input(schema.element as z.ZodType, at));
    const shape = schema instanceof z.ZodObject ? (schema.shape as Shape) : shapeOfUnion(schema);
    if (shape === null) return this.#leaf(schema, at);
    const own = ownName(schema) ?? at;
    const name = own.endsWith('Request') || own.endsWith('Input') ? own : `${own}Input`;
    return this.#once(name, schema, () => {
      const fields = () =>
        Object.fromEntries(
          Object.entries(shape).map(([member, one]) => [member, { type: this.input(one, nameWithin(own, member)) }]),
        );
      return new GraphQLInputObjectType({ name, fields });
    });
  }

  #leaf(schema: z.ZodType, at: string): GraphQLLeafType {
    if (schema instanceof z.ZodEnum) return this.#enumeration(schema, schema.options as string[], at);
    if (schema instanceof z.ZodLiteral) return this.#enumeration(schema, [...schema.values] as string[], at);
    if (schema instanceof z.ZodBoolean) return GraphQLBoolean;
    if (schema instanceof z.ZodNumber) return numberType(schema);
    if (schema instanceof z.ZodUnion && (schema.options as z.ZodType[]).every(isText)) return GraphQLString;
    if (schema instanceof z.ZodStringFormat || schema instanceof z.ZodString) return textType(schema);
    return JSON_VALUE;
  }

  #enumeration(schema: z.ZodType, values: readonly string[], at: string): GraphQLLeafType {
    if (isSwitch(schema)) return GraphQLBoolean;
    const name = ownName(schema) ?? at;
    return this.#once(name, schema, () => {
      const named = Object.fromEntries(values.map((value) => [valueName(value), { value }]));
      return new GraphQLEnumType({ name, values: named });
    });
  }

  #once<T extends GraphQLObjectType | GraphQLInputObjectType | GraphQLEnumType>(
    name: string,
    of: unknown,
    make: () => T,
  ): T {
    const there = this.#made.get(name);
    if (there !== undefined) {
      if (there.of !== of) throw new Error(`two different schemas are called ${name} in GraphQL`);
      return there.type as T;
    }
    const type = make();
    this.#made.set(name, { of, type });
    return type;
  }
}

/** Takes off what says whether it may be missing. */
export function peel(schema: z.ZodType): Peeled {
  let peeled: Peeled = { schema, nullable: false, optional: false };
  for (;;) {
    const inner = peeled.schema;
    if (inner instanceof z.ZodNullable) peeled = { ...peeled, schema: inner.unwrap() as z.ZodType, nullable: true };
    else if (inner instanceof z.ZodOptional)
      peeled = { ...peeled, schema: inner.unwrap() as z.ZodType, optional: true };
    else if (inner instanceof z.ZodDefault) peeled = { ...peeled, schema: inner.unwrap() as z.ZodType, optional: true };
    else return peeled;
  }
}

export function takesNull(schema: z.ZodType): boolean {
  return schema.safeParse(null).success;
}

/** A text that is `true` or `false`, since queries of REST are texts. */
export function isSwitch(schema: z.ZodType): boolean {
  return schema instanceof z.ZodEnum && [...schema.options].sort().join() === 'false,true';
}

/** Of a union of objects, the members of all of them, none of which must be there: the schema says what goes together. */
export function shapeOfUnion(schema: z.ZodType): Shape | null {
  if (!(schema instanceof z.ZodUnion)) return null;
  const options = schema.options as z.ZodType[];
  if (!options.every((option) => option instanceof z.ZodObject)) return null;
  const members = options.flatMap((option) => Object.entries(option.shape as Shape));
  return Object.fromEntries(members.map(([name, one]) => [name, one.optional()]));
}

/** A page of jobs is a `JobPage`. */
function pageName(shape: Shape): string | null {
  const { items, nextCursor } = shape;
  if (!(items instanceof z.ZodArray) || nextCursor === undefined) return null;
  const item = ownName(items.element as z.ZodType);
  return item === null ? null : `${item}Page`;
}

function isText(schema: z.ZodType): boolean {
  return schema instanceof z.ZodStringFormat || schema instanceof z.ZodString;
}

function numberType(schema: z.ZodNumber): GraphQLLeafType {
  if (schema.format !== 'safeint') return GraphQLFloat;
  const { minValue, maxValue } = schema;
  return (maxValue ?? Infinity) <= INT_MAX && (minValue ?? -Infinity) >= -INT_MAX ? GraphQLInt : SAFE_INT;
}

function textType(schema: z.ZodStringFormat | z.ZodString): GraphQLLeafType {
  if (schema.format === 'datetime') return DATE_TIME;
  return schema.format === 'uuid' ? GraphQLID : GraphQLString;
}
