/// SipHash-2-4 with 128 bits of output and a fixed key: the place of what is too long for a key of LMDB. Whoever can choose
/// names may make two of them meet, so nothing relies on a digest alone.
struct KeyDigest: Hashable {
    let high: UInt64
    let low: UInt64

    init(_ octets: UnsafeRawBufferPointer) {
        var state = State()
        var position = 0
        while octets.count - position >= 8 {
            state.absorb(UInt64(littleEndian: octets.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
            position += 8
        }
        var last = UInt64(truncatingIfNeeded: octets.count) << 56
        for (index, octet) in octets[position...].enumerated() { last |= UInt64(octet) << (8 * UInt64(index)) }
        state.absorb(last)
        low = state.finish(0xEE)
        high = state.finish(0xDD)
    }

    private struct State {
        private static let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
        private var v0 = 0x736F_6D65_7073_6575 ^ Self.key.0
        private var v1 = 0x646F_7261_6E64_6F6D ^ Self.key.1 ^ 0xEE
        private var v2 = 0x6C79_6765_6E65_7261 ^ Self.key.0
        private var v3 = 0x7465_6462_7974_6573 ^ Self.key.1

        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            rounds(2)
            v0 ^= word
        }

        /// The first half is asked for with 0xEE, the second with 0xDD.
        mutating func finish(_ tag: UInt64) -> UInt64 {
            if tag == 0xEE { v2 ^= tag } else { v1 ^= tag }
            rounds(4)
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func rounds(_ count: Int) {
            for _ in 0..<count {
                v0 &+= v1
                v1 = v1 << 13 | v1 >> 51
                v1 ^= v0
                v0 = v0 << 32 | v0 >> 32
                v2 &+= v3
                v3 = v3 << 16 | v3 >> 48
                v3 ^= v2
                v0 &+= v3
                v3 = v3 << 21 | v3 >> 43
                v3 ^= v0
                v2 &+= v1
                v1 = v1 << 17 | v1 >> 47
                v1 ^= v2
                v2 = v2 << 32 | v2 >> 32
            }
        }
    }
}
