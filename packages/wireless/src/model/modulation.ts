/**
 * How a frame is put on the air: LoRa, FSK or LR-FHSS, with what tells one rate of it from another.
 *
 * @module
 */

/** Coding rates of LR-FHSS are written reduced: '1/3' is what the specification also writes as 2/6, '2/3' as 4/6. */
export type Modulation =
  | { readonly kind: 'lora'; readonly spreadingFactor: number; readonly bandwidthHz: number }
  | { readonly kind: 'fsk'; readonly bitRate: number }
  | { readonly kind: 'lr-fhss'; readonly codingRate: '1/3' | '2/3'; readonly widthHz: number }
