/**
 * What a call takes and gives back, by the OpenAPI document: an operation that the document does not have cannot be called,
 * and one whose shape there is wrong does not compile where it is used.
 */
import { api } from './generated/operations.ts';
import type { operations } from './generated/types.ts';

/** Stable name of an operation, `noun.verb`. */
export type OperationId = keyof operations;

/** Names an operation to `Client.call`. */
export interface Operation<Id extends OperationId = OperationId> {
  readonly id: Id;
}

/** Where an operation is and how it answers. */
export interface Place {
  readonly id: OperationId;
  readonly method: string;
  /** Below `BASE`, parameters in braces. */
  readonly path: string;
  readonly answer: 'json' | 'bytes' | 'events' | 'nothing';
}

type ParametersOf<Id extends OperationId> = operations[Id]['parameters'];
type Given<T> = [T] extends [undefined] ? never : T;
/** `{ name: T }`, which may be left out where nothing of `T` is needed; not there at all without a `T`. */
type Part<Name extends string, T> = [Given<T>] extends [never]
  ? { readonly [N in Name]?: undefined }
  : Partial<T> extends T
    ? { readonly [N in Name]?: T | undefined }
    : { readonly [N in Name]: T };

type BodyOf<Id extends OperationId> = operations[Id] extends { requestBody: { content: infer Content } }
  ? Content[keyof Content]
  : undefined;

/** In an address everything is text: a number may be given as a person typed it, for the server to judge. */
type Query<T> = { readonly [Name in keyof T]: number extends T[Name] ? T[Name] | string : T[Name] };

/** The ETag that an update is bound to, where the operation takes one. */
type IfMatch<Id extends OperationId> = 'If-Match' extends keyof NonNullable<ParametersOf<Id>['header']>
  ? { readonly ifMatch?: string | undefined }
  : { readonly ifMatch?: undefined };

/** What a call of the operation takes. */
export type CallOptions<Id extends OperationId> = Part<'params', ParametersOf<Id>['path']> &
  Part<'query', Query<ParametersOf<Id>['query']>> &
  Part<'body', BodyOf<Id>> &
  IfMatch<Id> & {
    /** Media type of a text body; JSON otherwise. */
    readonly mediaType?: string;
    readonly idempotencyKey?: string;
    readonly signal?: AbortSignal;
  };

/** The options of a call; they may be left out where the operation needs nothing. */
export type Rest<Id extends OperationId> =
  Partial<CallOptions<Id>> extends CallOptions<Id> ? [options?: CallOptions<Id>] : [options: CallOptions<Id>];

type SuccessOf<Id extends OperationId> = operations[Id]['responses'] extends infer R
  ? R[keyof R & (200 | 201 | 204)]
  : never;

/** What a call gives back: the JSON of the answer, the raw response (bytes, events), or nothing. */
export type ResultOf<Id extends OperationId> =
  SuccessOf<Id> extends { content: { 'application/json': infer Json } }
    ? Json
    : SuccessOf<Id> extends { content?: never }
      ? void
      : Response;

const PLACES: ReadonlyMap<string, Place> = new Map(
  Object.values(api)
    .flatMap((noun) => Object.values<Place>(noun))
    .map((place) => [place.id, place]),
);

/** Where an operation is. */
export function placeOf({ id }: Operation): Place {
  return PLACES.get(id)!;
}
