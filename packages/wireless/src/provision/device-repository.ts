/**
 * Device profiles in the format of The Things Network's device repository: `vendor/<id>/<device>.yaml`, profile, codec and script.
 *
 * A device names firmware versions; each names, per region, a profile and a codec; the codec names script files and gives
 * examples. All of it is read into one `DeviceProfile` of ours. What we have no use for, or do not know, is left out with a note,
 * so that nobody believes it counted. Files are strangers' bytes: sizes, names and references are bounded, and nothing throws.
 *
 * @module
 * @see https://github.com/TheThingsNetwork/lorawan-devices schema.json
 */

import { isScalar, parseDocument, visit, type Document } from 'yaml'
import { z } from 'zod'
import { codecScriptCharactersMax } from '../codec/payload-codec.ts'
import type { DeviceProfile, MacVersion, PayloadCodec } from '../model/device.ts'
import type { ParameterRevision, Region, RegionName } from '../region/region.ts'

/** Longest YAML file. */
export const repositoryFileCharactersMax: number = 1024 * 1024

/** Aliases of one file, inclusive, and places where what has an anchor may stand in the end, beside its own. */
const aliasesMax = 100

/** Notes of one device that are kept. */
export const repositoryNotesMax = 64

/** One call of the codec with the answer that its author expects. */
export interface CodecExample {
  readonly call: 'decodeUplink' | 'encodeDownlink' | 'decodeDownlink'
  readonly description: string
  readonly input: unknown
  readonly output: unknown
}

export type RepositoryRefusal =
  | 'name-malformed'
  | 'file-missing'
  | 'file-too-long'
  | 'file-malformed'
  | 'firmware-unknown'
  | 'region-unsupported'
  | 'region-not-in-firmware'
  | 'script-too-long'

export type RepositoryRead =
  | {
      readonly profile: DeviceProfile
      readonly examples: readonly CodecExample[]
      /** what was left out or taken for something near it */
      readonly notes: readonly string[]
    }
  | { readonly refused: RepositoryRefusal; readonly at: string }

export interface RepositoryRequest {
  readonly vendorId: string
  readonly deviceId: string
  /** as the repository names it: 'EU863-870' */
  readonly region: string
  /** the last that is listed when left out */
  readonly firmwareVersion?: string
}

/** What the reader needs: a file of the repository by its path, and what a region has by default. */
export interface RepositorySource {
  readonly file: (path: string) => string | undefined
  readonly region: (name: RegionName, revision: ParameterRevision) => Pick<Region, 'rx2' | 'pingSlot'>
}

/** AS923 has four groups of frequencies; the repository has one name, which was the first's. */
const regionNames: ReadonlyMap<string, RegionName> = new Map([
  ['EU863-870', 'EU868'],
  ['US902-928', 'US915'],
  ['AU915-928', 'AU915'],
  ['AS923', 'AS923-1'],
  ['IN865-867', 'IN865'],
  ['KR920-923', 'KR920'],
  ['CN470-510', 'CN470'],
  ['EU433', 'EU433'],
])

const macVersions: ReadonlyMap<string, MacVersion> = new Map([
  ['1.0', '1.0.0'],
  ['1.0.0', '1.0.0'],
  ['1.0.1', '1.0.1'],
  ['1.0.2', '1.0.2'],
  ['1.0.3', '1.0.3'],
  ['1.0.4', '1.0.4'],
  ['1.1', '1.1.0'],
  ['1.1.0', '1.1.0'],
])

/** Editions of the regional parameters that we have themselves; others are read as the nearest. */
const exactRevisions: ReadonlyMap<string, ParameterRevision> = new Map([
  ['RP001-1.0.2-RevB', 'RP001-1.0.2B'],
  ['RP001-1.0.3-RevA', 'RP001-1.0.3A'],
  ['RP001-1.1-RevB', 'RP001-1.1B'],
  ['RP002-1.0.4', 'RP002-1.0.4'],
])

const identifier = z.string().regex(/^[a-z0-9](?:-?[a-z0-9]){2,35}$/)
const fileName = z
  .string()
  .max(128)
  .regex(/^([a-z0-9-]+\/)*([A-Za-z0-9_-]+\.)+js$/)
const text = z.union([z.string().max(64), z.number()]).transform(String)
const dataRate = z.int().min(0).max(15)
const megahertz = z
  .number()
  .min(0)
  .max(3000)
  .transform((mhz) => Math.round(mhz * 1e6))

const deviceFile = z.looseObject({
  name: z.string().min(1).max(256),
  description: z.string().default(''),
  firmwareVersions: z
    .array(
      z.object({
        version: text,
        profiles: z.record(
          z.string(),
          z.object({ id: identifier, vendorID: identifier.nullish(), codec: identifier.nullish() }),
        ),
      }),
    )
    .min(1)
    .max(256),
})

const profileFile = z.looseObject({
  macVersion: text.refine((version) => macVersions.has(version), 'is no version of LoRaWAN'),
  regionalParametersVersion: text,
  supportsJoin: z.boolean(),
  supportsClassB: z.boolean(),
  supportsClassC: z.boolean(),
  maxEIRP: z.number().min(0).max(40),
  rx1Delay: z.int().min(0).max(15).optional(),
  rx1DataRateOffset: z.int().min(0).max(7).optional(),
  rx2DataRateIndex: dataRate.optional(),
  rx2Frequency: megahertz.optional(),
  factoryPresetFrequencies: z.array(megahertz).max(96).optional(),
  classBTimeout: z.int().min(0).max(86_400).optional(),
  pingSlotPeriod: z.union([1, 2, 4, 8, 16, 32, 64, 128].map((seconds) => z.literal(seconds))).optional(),
  pingSlotDataRateIndex: dataRate.optional(),
  pingSlotFrequency: megahertz.optional(),
  classCTimeout: z.int().min(0).max(86_400).optional(),
  supports32bitFCnt: z.boolean().optional(),
})

const script = z
  .looseObject({
    fileName,
    examples: z
      .array(z.looseObject({ description: z.string().optional(), input: z.unknown(), output: z.unknown() }))
      .max(1024)
      .default([]),
  })
  .nullish()

const codecFile = z.looseObject({ uplinkDecoder: script, downlinkEncoder: script, downlinkDecoder: script })

/** Fields of a device that tell people about it; they are no part of a profile. */
const catalogueFields: ReadonlySet<string> = new Set([
  'hardwareVersions',
  'findHardwareVersion',
  'findFirmwareVersion',
  'devicetype',
  'sensors',
  'additionalRadios',
  'bridgeInterfaces',
  'dimensions',
  'weight',
  'battery',
  'operatingConditions',
  'ipCode',
  'keyProvisioning',
  'keyProgramming',
  'keySecurity',
  'firmwareProgramming',
  'productURL',
  'dataSheetURL',
  'onboardingGuideURL',
  'resellerURLs',
  'msrp',
  'photos',
  'videos',
  'compliances',
])
/** Of the vendor, and for its own numbering. */
const profileCatalogueFields: ReadonlySet<string> = new Set(['vendorProfileID'])

type Refused = Extract<RepositoryRead, { refused: RepositoryRefusal }>

/** Reads one device for one region. */
export function readRepositoryDevice(request: RepositoryRequest, source: RepositorySource): RepositoryRead {
  const { vendorId, deviceId } = request
  for (const name of [vendorId, deviceId])
    if (!identifier.safeParse(name).success) return { refused: 'name-malformed', at: name }
  const devicePath = `vendor/${vendorId}/${deviceId}.yaml`
  const device = readYaml(devicePath, deviceFile, source)
  if ('refused' in device) return device

  const { firmwareVersions } = device.value
  const firmware =
    request.firmwareVersion === undefined
      ? firmwareVersions.at(-1)
      : firmwareVersions.find(({ version }) => version === request.firmwareVersion)
  if (firmware === undefined) return { refused: 'firmware-unknown', at: request.firmwareVersion ?? '' }
  const region = regionNames.get(request.region)
  if (region === undefined) return { refused: 'region-unsupported', at: request.region }
  const chosen = Object.hasOwn(firmware.profiles, request.region) ? firmware.profiles[request.region] : undefined
  if (chosen === undefined) return { refused: 'region-not-in-firmware', at: request.region }

  const folder = `vendor/${chosen.vendorID ?? vendorId}`
  const profile = readYaml(`${folder}/${chosen.id}.yaml`, profileFile, source)
  if ('refused' in profile) return profile
  const codec = readCodec(chosen.codec ?? undefined, folder, source)
  if ('refused' in codec) return codec

  const notes = [
    ...unknownFields(device.value, deviceFile, catalogueFields).map(
      (name) => `The device's field ${name} is not known and was left out.`,
    ),
    ...unknownFields(profile.value, profileFile, profileCatalogueFields).map(
      (name) => `The profile's field ${name} is not used and was left out.`,
    ),
    ...codec.notes,
  ]
  const revision = revisionOf(profile.value.regionalParametersVersion, macVersionOf(profile.value.macVersion), notes)
  if (region === 'AS923-1') notes.push('AS923 was read as AS923-1: the repository does not tell its four groups apart.')
  if (profile.value.supports32bitFCnt === false)
    notes.push(
      'supports32bitFCnt is false: counters are 32 bits here; a device that wraps at 16 bits must join again before.',
    )

  const tags = { vendor: vendorId, model: deviceId, firmware: firmware.version }
  return {
    profile: {
      ...profileOf(profile.value, { region, revision, defaults: source.region(region, revision) }),
      id: `${vendorId}-${deviceId}-${region.toLowerCase()}`,
      name: `${device.value.name} (${firmware.version}, ${region})`,
      codec: codec.codec,
      tags,
    },
    examples: codec.examples,
    notes: notes.slice(0, repositoryNotesMax),
  }
}

function profileOf(
  value: z.output<typeof profileFile>,
  given: {
    readonly region: RegionName
    readonly revision: ParameterRevision
    readonly defaults: Pick<Region, 'rx2' | 'pingSlot'>
  },
): Omit<DeviceProfile, 'id' | 'name' | 'codec' | 'tags'> {
  const { rx2, pingSlot } = given.defaults
  return {
    region: given.region,
    macVersion: macVersionOf(value.macVersion),
    parameterRevision: given.revision,
    supportsJoin: value.supportsJoin,
    supportsClassB: value.supportsClassB,
    supportsClassC: value.supportsClassC,
    abp: {
      // A delay of 0 on the air is 1 second, as in RXTimingSetupReq.
      rx1DelaySeconds: value.rx1Delay === undefined || value.rx1Delay === 0 ? 1 : value.rx1Delay,
      rx1DataRateOffset: value.rx1DataRateOffset ?? 0,
      rx2DataRate: value.rx2DataRateIndex ?? rx2.dataRate,
      rx2FrequencyHz: value.rx2Frequency ?? rx2.hz,
      factoryFrequenciesHz: value.factoryPresetFrequencies ?? [],
    },
    classB: {
      timeoutSeconds: value.classBTimeout ?? 0,
      pingSlotPeriodicity: Math.log2(value.pingSlotPeriod ?? 128),
      pingSlotDataRate: value.pingSlotDataRateIndex ?? pingSlot.dataRate,
      pingSlotFrequencyHz: value.pingSlotFrequency ?? (pingSlot.hz.length === 1 ? (pingSlot.hz[0] ?? 0) : 0),
    },
    classC: { timeoutSeconds: value.classCTimeout ?? 0 },
    eirpDbmMax: value.maxEIRP,
    adr: 'on',
    uplinkIntervalSeconds: 3600,
  }
}

function macVersionOf(version: string): MacVersion {
  return macVersions.get(version) ?? '1.0.4'
}

/** Adds a note where the edition is not one of ours. */
function revisionOf(version: string, macVersion: MacVersion, notes: string[]): ParameterRevision {
  const exact = exactRevisions.get(version)
  if (exact !== undefined) return exact
  const near: ParameterRevision = version.startsWith('RP002')
    ? 'RP002-1.0.4'
    : macVersion === '1.1.0'
      ? 'RP001-1.1B'
      : macVersion === '1.0.3'
        ? 'RP001-1.0.3A'
        : macVersion === '1.0.4'
          ? 'RP002-1.0.4'
          : 'RP001-1.0.2B'
  notes.push(`The regional parameters ${version} were read as ${near}.`)
  return near
}

function readCodec(
  codecId: string | undefined,
  folder: string,
  source: RepositorySource,
):
  | { readonly codec: PayloadCodec; readonly examples: readonly CodecExample[]; readonly notes: readonly string[] }
  | Refused {
  if (codecId === undefined)
    return { codec: { kind: 'none' }, examples: [], notes: ['The repository has no codec for it.'] }
  const read = readYaml(`${folder}/${codecId}.yaml`, codecFile, source)
  if ('refused' in read) return read
  const { uplinkDecoder, downlinkEncoder, downlinkDecoder } = read.value
  const parts = [
    { call: 'decodeUplink', part: uplinkDecoder },
    { call: 'encodeDownlink', part: downlinkEncoder },
    { call: 'decodeDownlink', part: downlinkDecoder },
  ] as const
  const files = [...new Set(parts.flatMap(({ part }) => (part ? [part.fileName] : [])))]
  const scripts: string[] = []
  for (const name of files) {
    const content = source.file(`${folder}/${name}`)
    if (content === undefined) return { refused: 'file-missing', at: `${folder}/${name}` }
    scripts.push(content)
  }
  const joined = scripts.join('\n;\n')
  if (joined.length > codecScriptCharactersMax) return { refused: 'script-too-long', at: `${folder}/${codecId}.yaml` }
  const examples = parts.flatMap(({ call, part }) =>
    (part?.examples ?? []).map(({ description = '', input, output }) => ({ call, description, input, output })),
  )
  const notes = unknownFields(read.value, codecFile, new Set()).map(
    (name) => `The codec's field ${name} is not known and was left out.`,
  )
  if (files.length > 1) notes.push(`The scripts ${files.join(' and ')} were joined into one.`)
  const codec: PayloadCodec = files.length === 0 ? { kind: 'none' } : { kind: 'javascript', script: joined }
  return { codec, examples, notes }
}

function readYaml<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  source: RepositorySource,
): { readonly value: z.output<Schema> } | Refused {
  const content = source.file(path)
  if (content === undefined) return { refused: 'file-missing', at: path }
  if (content.length > repositoryFileCharactersMax) return { refused: 'file-too-long', at: path }
  const parsed = schema.safeParse(parseYaml(content))
  if (parsed.success) return { value: parsed.data }
  const [issue] = parsed.error.issues
  return { refused: 'file-malformed', at: `${path} ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` }
}

/** @returns undefined for text that is no YAML, or stands for more than it has: aliases of aliases, or of what they are in */
function parseYaml(content: string): unknown {
  try {
    const document = parseDocument(content, yamlOptions)
    return document.errors.length > 0 || !isTree(document)
      ? undefined
      : document.toJS({ maxAliasCount: aliasesMax + 1 })
  } catch {
    // Its own depth is the stack's.
    return undefined
  }
}

/** Keys are text: a map as a key would be written out again for each map around it. What is twice in a map is looked for below. */
const yamlOptions = {
  schema: 'core',
  resolveKnownTags: false,
  stringKeys: true,
  uniqueKeys: false,
  prettyErrors: false,
} as const

/** Whether each key stands once in its map, for which the library itself takes time by the square, and nothing is within itself. */
function isTree(document: Document): boolean {
  let isSound = true
  let aliasCount = 0
  visit(document, {
    Map(_, { items }) {
      const keys = new Set(items.map(({ key }) => (isScalar(key) ? key.value : key)))
      isSound &&= keys.size === items.length
      return isSound ? undefined : visit.BREAK
    },
    Alias(_, alias, path) {
      aliasCount += 1
      // Each is looked for from the file's beginning.
      const source = aliasCount <= aliasesMax ? alias.resolve(document) : undefined
      isSound &&= source !== undefined && !path.includes(source)
      return isSound ? undefined : visit.BREAK
    },
  })
  return isSound
}

function unknownFields(value: object, { shape }: { readonly shape: object }, known: ReadonlySet<string>): string[] {
  return Object.keys(value)
    .filter((name) => !Object.hasOwn(shape, name) && !known.has(name))
    .map((name) => name.slice(0, 64))
}
