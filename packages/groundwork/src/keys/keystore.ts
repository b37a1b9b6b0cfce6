/**
 * Secret keys at rest: Web3 Secret Storage version 3 files (scrypt, aes-128-ctr, keccak MAC), as other wallets read them.
 *
 * A key is made on first use. Its password comes from a file that only its owner can read, never from an argument or
 * an environment variable; without one given, a random password file is made beside the key, so that the two can be
 * kept apart later.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto'
import { chmod, open, readFile, rename } from 'node:fs/promises'
import { promisify } from 'node:util'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { z } from 'zod'
import { KeystoreBroken, PasswordWrong } from './keystore-errors.ts'

interface ScryptParameters {
  readonly n: number
  readonly r: number
  readonly p: number
}

/** The cost other wallets use (Geth "standard" halves it); 128 MiB of memory for about half a second. */
export const standardCost: ScryptParameters = { n: 131_072, r: 8, p: 1 }
/** For keys of a devnet, whose money is play money: starts in milliseconds. */
export const devnetCost: ScryptParameters = { n: 1_024, r: 8, p: 1 }

/** Bounds on what a foreign file may ask of our memory. */
const costMax: ScryptParameters = { n: 1_048_576, r: 8, p: 8 }

const hex = (bytes: number): z.ZodString =>
  z.string().regex(new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`), `${bytes} bytes of hex`)

/** Only scrypt and aes-128-ctr: what every wallet writes today. */
const keystoreSchema = z.object({
  version: z.literal(3),
  id: z.string().max(64),
  crypto: z.object({
    cipher: z.literal('aes-128-ctr'),
    cipherparams: z.object({ iv: hex(16) }),
    ciphertext: hex(32),
    kdf: z.literal('scrypt'),
    kdfparams: z.object({
      n: z.int().min(2).max(costMax.n),
      r: z.int().min(1).max(costMax.r),
      p: z.int().min(1).max(costMax.p),
      dklen: z.literal(32),
      salt: hex(32),
    }),
    mac: hex(32),
  }),
})

type KeystoreFile = z.infer<typeof keystoreSchema>

async function derive(password: string, salt: Buffer, { n, r, p }: ScryptParameters): Promise<Buffer> {
  // OpenSSL keeps RFC 7914's N < 2^(16r); the format's own test vector does not.
  if (r < 4 && n >= 2 ** (16 * r)) {
    return Buffer.from(
      await scryptAsync(password.normalize('NFKC'), salt, { N: n, r, p, dkLen: 32, maxmem: 256 * n * r + 2 ** 20 }),
    )
  }
  const run = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt)
  return run(password.normalize('NFKC'), salt, 32, { N: n, r, p, maxmem: 256 * n * r })
}

const macOf = (derived: Buffer, ciphertext: Buffer): Buffer =>
  Buffer.from(keccak_256(Buffer.concat([derived.subarray(16, 32), ciphertext])))

/** @param secret 32 bytes @returns the text of a V3 file */
export async function encryptKey(
  secret: Uint8Array,
  password: string,
  cost: ScryptParameters = standardCost,
): Promise<string> {
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const derived = await derive(password, salt, cost)
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()])
  const file: KeystoreFile = {
    version: 3,
    id: randomUUID(),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: iv.toString('hex') },
      ciphertext: ciphertext.toString('hex'),
      kdf: 'scrypt',
      kdfparams: { ...cost, dklen: 32, salt: salt.toString('hex') },
      mac: macOf(derived, ciphertext).toString('hex'),
    },
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

/**
 * @returns the 32 secret bytes
 * @throws KeystoreBroken GW_KEYSTORE_BROKEN when the text is no V3 scrypt file within our bounds
 * @throws PasswordWrong GW_PASSWORD_WRONG
 */
export async function decryptKey(text: string, password: string): Promise<Uint8Array> {
  const { crypto } = parseKeystore(text)
  const ciphertext = Buffer.from(crypto.ciphertext, 'hex')
  const derived = await derive(password, Buffer.from(crypto.kdfparams.salt, 'hex'), crypto.kdfparams)
  const mac = Buffer.from(crypto.mac, 'hex')
  if (!timingSafeEqual(mac, macOf(derived, ciphertext))) throw new PasswordWrong()
  const cipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), Buffer.from(crypto.cipherparams.iv, 'hex'))
  return new Uint8Array(Buffer.concat([cipher.update(ciphertext), cipher.final()]))
}

function parseKeystore(text: string): KeystoreFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new KeystoreBroken('it is not JSON', { cause })
  }
  const parsed = keystoreSchema.safeParse(value)
  if (!parsed.success) throw new KeystoreBroken(z.prettifyError(parsed.error).replaceAll('\n', ' '))
  return parsed.data
}

/** Writes a file that only its owner can read, whole or not at all. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`
  const file = await open(draft, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}

export interface OpenKeyOptions {
  /** Where the V3 file is or will be. */
  readonly path: string
  /** The file that holds the password; made with a random one when both files are missing. */
  readonly passwordPath: string
  readonly cost?: ScryptParameters
}

/** Opens a key, or makes it on first use. @returns the 32 secret bytes */
export async function openKey({ path, passwordPath, cost = standardCost }: OpenKeyOptions): Promise<Uint8Array> {
  const text = await readIfPresent(path)
  if (text !== undefined) {
    const password = await readIfPresent(passwordPath)
    if (password === undefined) throw new KeystoreBroken(`its password file ${passwordPath} is missing`)
    return await decryptKey(text, password.trimEnd())
  }
  let password = (await readIfPresent(passwordPath))?.trimEnd()
  if (password === undefined) {
    password = randomBytes(24).toString('base64url')
    await writePrivateFile(passwordPath, `${password}\n`)
  }
  await chmod(passwordPath, 0o600)
  const secret = new Uint8Array(randomBytes(32))
  await writePrivateFile(path, await encryptKey(secret, password, cost))
  return secret
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
