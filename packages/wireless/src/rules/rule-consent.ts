/**
 * Consent: the owner of a device lets another account's rules send to it, on one port, so many times a day, until a time.
 *
 * Signed as EIP-712 typed data by the account that owns the target, so that it can be kept, shown and checked by anyone, and a
 * wallet can show what is signed. It names the account it is for, and no rule of it: rules may change within what was allowed.
 *
 * @module
 */

import type { Address } from '@groundwork/core/identity/address.ts'
import { hashTypedData, type Domain, type TypedStructs } from '@groundwork/core/identity/eip712.ts'
import { recover } from '@groundwork/core/identity/secp256k1.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Eui } from '../model/radio.ts'

export const consentPerDayMax = 86_400

export interface RuleConsent {
  /** whose rules may send */
  readonly sender: Address
  readonly devEui: Eui
  readonly fPort: number
  /** messages per day of UTC, 1 to `consentPerDayMax` */
  readonly perDayMax: number
  /** Unix seconds */
  readonly expiresAtSeconds: number
}

export interface SignedConsent extends RuleConsent {
  readonly signature: Hex
}

export const ruleConsentTypes: TypedStructs = {
  RuleConsent: [
    { name: 'sender', type: 'address' },
    { name: 'devEui', type: 'bytes8' },
    { name: 'fPort', type: 'uint8' },
    { name: 'perDayMax', type: 'uint32' },
    { name: 'expiresAtSeconds', type: 'uint64' },
  ],
}

/** @returns what the owner of the device signs; also the name under which a consent is revoked */
export function consentDigest(consent: RuleConsent, domain: Domain): Hex {
  const { sender, devEui, fPort, perDayMax, expiresAtSeconds } = consent
  const message = { sender, devEui: `0x${devEui}`, fPort, perDayMax, expiresAtSeconds }
  return hashTypedData({ domain, types: ruleConsentTypes, primaryType: 'RuleConsent', message })
}

/** @returns who signed it, or undefined when nobody did */
export function consentSigner(consent: SignedConsent, domain: Domain): Address | undefined {
  return recover(consentDigest(consent, domain), consent.signature)
}
