import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, mutatedBytes, outcomeOf, pollutionCheck } from '../testing/fuzz.ts';
import {
  anything,
  decodeBody,
  duration,
  flag,
  integer,
  list,
  map,
  opaque,
  type Shape,
  struct,
  text,
} from './decode-body.ts';
import { encodeJson } from './go-json.ts';
import { HttpError } from './route.ts';

interface Service {
  Name?: string;
  Port?: number;
  Tags?: readonly string[];
  Meta?: Readonly<Record<string, string>>;
  EnableTagOverride?: boolean;
  Weights?: { Passing?: number };
  Interval?: number;
  Config?: Readonly<Record<string, unknown>>;
  Extra?: unknown;
  Sidecar?: Service;
}

const service: Shape<Service> = struct<Service>(
  {
    Name: text,
    Port: integer,
    Tags: list(text, ''),
    Meta: map(text, ''),
    EnableTagOverride: flag,
    Weights: struct<{ Passing?: number }>({ Passing: integer }, { type: 'structs.Weights', lenient: true }),
    Interval: duration,
    Config: opaque,
    Extra: anything,
    Sidecar: () => service,
  },
  { aliases: { enable_tag_override: 'EnableTagOverride' }, ignored: ['Locality'] },
);

const decode = (body: string): Service => decodeBody(Buffer.from(body), service);

test('keys are taken in any case, by their aliases, and of two the later one', () => {
  assert.deepEqual(decode('{"name":"a","NAME":"b","Enable_Tag_Override":true}'), {
    Name: 'b',
    EnableTagOverride: true,
  });
});

test('null is the same as nothing, for fields and for the whole body', () => {
  assert.deepEqual(decode('{"Name":null,"Tags":null,"Weights":null}'), {});
  assert.deepEqual(decode('null'), {});
});

test('durations are Go texts or nanoseconds', () => {
  assert.equal(decode('{"Interval":"1m30s"}').Interval, 90_000);
  assert.equal(decode('{"Interval":10000000000}').Interval, 10_000);
  assert.deepEqual(decode('{"Interval":""}'), {});
});

test('opaque maps come back untouched, large integers included', () => {
  const body = '{"local_path_port":9007199254740993,"a":{"B":[1.5,null]}}';
  assert.equal(encodeJson(decode(`{"Config":${body}}`).Config), body);
});

test('a key named __proto__ is data', () => {
  const { Meta } = decode('{"Meta":{"__proto__":"x"}}');
  assert.deepEqual(Object.entries(Meta ?? {}), [['__proto__', 'x']]);
});

test('what can not be used is refused in the words of Go', () => {
  const table: readonly (readonly [string, string])[] = [
    ['', 'EOF'],
    ['{"Name":', 'unexpected EOF'],
    ['{"Bogus":1}', 'json: unknown field "Bogus"'],
    ['{"Port":"abc"}', 'json: cannot unmarshal string into Go struct field .Port of type int'],
    ['{"Port":1.5}', 'json: cannot unmarshal number 1.5 into Go struct field .Port of type int'],
    [
      '{"Port":99999999999999999999}',
      'json: cannot unmarshal number 99999999999999999999 into Go struct field .Port of type int',
    ],
    ['{"Name":1}', 'json: cannot unmarshal number into Go struct field .Name of type string'],
    ['{"Tags":"a"}', 'json: cannot unmarshal string into Go struct field .Tags of type []string'],
    ['{"Tags":[true]}', 'json: cannot unmarshal bool into Go struct field .Tags of type string'],
    ['{"Meta":[]}', 'json: cannot unmarshal array into Go struct field .Meta of type map[string]string'],
    [
      '{"Weights":{"Passing":"1","Other":1}}',
      'json: cannot unmarshal string into Go struct field Weights.Weights.Passing of type int',
    ],
    ['{"Weights":1}', 'json: cannot unmarshal number into Go struct field .Weights of type structs.Weights'],
    ['[]', 'json: cannot unmarshal array into Go value of type '],
    ['{"Interval":"nope"}', 'time: invalid duration "nope"'],
    ['{"Interval":"5"}', 'time: missing unit in duration "5"'],
    ['{"Interval":"5x"}', 'time: unknown unit "x" in duration "5x"'],
    ['{"Sidecar":{"Port":{}}}', 'json: cannot unmarshal object into Go struct field .Sidecar.Port of type int'],
  ];
  for (const [body, message] of table) {
    assert.throws(() => decode(body), new HttpError(400, `Request decode failed: ${message}`), body);
  }
  assert.deepEqual(decode('{"Locality":{"Region":"x"},"Weights":{"Other":1}}'), { Weights: {} });
});

test('the caller words the refusal', () => {
  const refuse = (problem: string): Error => new HttpError(500, `Failed to decode request body: ${problem}`);
  assert.throws(() => decodeBody(Buffer.from('{x'), service, refuse), { status: 500 });
});

test('any JSON is decoded or refused, and what is decoded has the types it promises', () => {
  const member = fc.tuple(
    fc.constantFrom('Name', 'port', 'TAGS', 'Meta', 'Weights', 'Interval', 'Config', 'Sidecar', 'x'),
    fc.jsonValue(),
  );
  const body = fc.oneof(
    fc.array(member).map((members) => Object.fromEntries(members)),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(body, (value) => {
      try {
        const { Name, Port, Tags } = decode(JSON.stringify(value));
        assert.ok(Name === undefined || typeof Name === 'string');
        assert.ok(Port === undefined || Number.isSafeInteger(Port));
        assert.ok(Tags === undefined || Tags.every((tag) => typeof tag === 'string'));
      } catch (error) {
        assert.ok(error instanceof HttpError, String(error));
      }
    }),
  );
});

test('damaged bytes are decoded or refused with 400, and change nothing but what they say', () => {
  const good = [
    '{"Name":"a","Port":1,"Tags":["x",null],"Meta":{"k":"v"},"Weights":{"Passing":1},"Interval":"1.5s","Extra":[1e3]}',
    '{"Sidecar":{"Sidecar":{"Name":"\\ud83d\\ude00"}},"Config":{"a":{"b":12345678901234567890}},"Interval":5000000000}',
  ].map((body) => Buffer.from(body));
  fc.assert(
    fc.property(mutatedBytes(good), (bytes) => {
      const read = outcomeOf(() => decodeBody(bytes, service), HttpError);
      if (read !== undefined) assert.doesNotThrow(() => encodeJson(read));
      pollutionCheck();
    }),
    { numRuns: fuzzRuns(2_000) },
  );
});

for (const [what, body] of [
  ['a long duration', `{"Interval":"${'1'.repeat(1 << 20)}"}`],
  ['a deep list', '['.repeat(1 << 20)],
  ['deep objects', '{"Extra":'.repeat(1 << 17)],
  ['many digits', `{"Port":${'1'.repeat(1 << 20)}}`],
  ['a large exponent', `{"Interval":1e${'9'.repeat(1 << 20)}}`],
  ['an open text', `{"Name":"${'\\u0000'.repeat(1 << 17)}`],
] as const)
  test(`a mebibyte that is ${what} is refused`, { timeout: 10_000 }, () => {
    assert.throws(() => decode(body), HttpError);
  });
