internal import COpenSSL

/// Seals records of a store that lives for years under one key, and opens them. One user at a time.
///
/// A sealed record is the nonce, the ciphertext and the tag: 32 octets more than the record. XAES-256-GCM takes the nonce's 24 octets as two halves. The first is
/// random: it is drawn when a cipher seals for the first time, and once more after 2³² records; the second is a count. So no nonce comes twice as long as no two
/// ciphers draw the same half, whatever is rolled back, restored or copied: with a million of them, which is one a minute for two years, the chance is 2⁻⁵⁷.
/// Plain AES-256-GCM with a random nonce of 96 bits for each record would be at 2⁻³³ after 2³² records, which a busy store writes within weeks.
package final class RecordCipher {
    /// Octets that a sealed record has more than the record.
    package static let overhead = ExtendedNonceKeys.halfOctets + countOctets + GaloisCounter.tagOctets
    private static let countOctets = 4
    private static let openerCount = 8

    private struct Opener {
        var half: (UInt64, UInt32)
        var cipher: GaloisCounter
    }

    private let keys: ExtendedNonceKeys
    private var sealer: GaloisCounter?
    private var sealerHalf: (UInt64, UInt32) = (0, 0)
    private var nextCount: UInt32 = 0
    /// Of the halves that were met last: a store has as many as it was opened for writing since its records were written.
    private var openers: [Opener?] = Array(repeating: nil, count: openerCount)
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)

    package init(master: KeyMaterial) throws {
        keys = try ExtendedNonceKeys(master: master)
    }

    deinit {
        OPENSSL_cleanse(memory.baseAddress, memory.count)
        memory.deallocate()
    }

    /// The sealed record, in the cipher's own memory: valid until the next call, and no longer than the cipher lives.
    ///
    /// - Parameter associated: two parts that together tell which record it is; the first is of one of a few lengths that are known, so that nothing can move from one to the other.
    package func seal(
        _ record: UnsafeRawBufferPointer,
        associated: (UnsafeRawBufferPointer, UnsafeRawBufferPointer)
    ) throws -> UnsafeRawBufferPointer {
        let sealer = try currentSealer()
        reserve(record.count + Self.overhead)
        // The second half of the nonce, of which the record keeps what is not 0.
        let nonce = (nextCount, 0 as UInt32, 0 as UInt32)
        nextCount &+= 1
        if nextCount == 0 { self.sealer = nil }
        let sealed = UnsafeMutableRawBufferPointer(rebasing: memory[..<(record.count + Self.overhead)])
        sealed.storeBytes(of: sealerHalf.0, as: UInt64.self)
        sealed.storeBytes(of: sealerHalf.1, toByteOffset: 8, as: UInt32.self)
        sealed.storeBytes(of: nonce.0, toByteOffset: 12, as: UInt32.self)
        let body = UnsafeMutableRawBufferPointer(rebasing: sealed[16...])
        try withUnsafeBytes(of: nonce) { nonce in
            try sealer.seal(record, nonce: nonce, associated: associated, into: body)
        }
        return UnsafeRawBufferPointer(sealed)
    }

    /// The record, in the cipher's own memory: valid until the next call, and no longer than the cipher lives. Nil where an octet of it is not as it
    /// was written, or where it was written as another one or with another key.
    package func open(
        _ sealed: UnsafeRawBufferPointer,
        associated: (UnsafeRawBufferPointer, UnsafeRawBufferPointer)
    ) throws -> UnsafeRawBufferPointer? {
        guard sealed.count >= Self.overhead else { return nil }
        let half = (
            sealed.loadUnaligned(as: UInt64.self), sealed.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        )
        let opener = try opener(half)
        let nonce = (sealed.loadUnaligned(fromByteOffset: 12, as: UInt32.self), 0 as UInt32, 0 as UInt32)
        let count = sealed.count - Self.overhead
        reserve(count)
        let record = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
        let body = UnsafeRawBufferPointer(rebasing: sealed[16...])
        let isSound = try withUnsafeBytes(of: nonce) { nonce in
            try opener.open(body, nonce: nonce, associated: associated, into: record)
        }
        return isSound ? UnsafeRawBufferPointer(record) : nil
    }

    private func currentSealer() throws -> GaloisCounter {
        if let sealer { return sealer }
        let half = try KeyMaterial(random: ExtendedNonceKeys.halfOctets)
        let sealer = try half.withOctets { half in
            sealerHalf = (half.loadUnaligned(as: UInt64.self), half.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
            return try cipher(.seal, half)
        }
        self.sealer = sealer
        nextCount = 0
        return sealer
    }

    private func opener(_ half: (UInt64, UInt32)) throws -> GaloisCounter {
        let place = Int(truncatingIfNeeded: half.0 % UInt64(Self.openerCount))
        if let opener = openers[place], opener.half == half { return opener.cipher }
        let made = try withUnsafeBytes(of: half) { try cipher(.open, $0) }
        openers[place] = Opener(half: half, cipher: made)
        return made
    }

    private func cipher(
        _ direction: GaloisCounter.Direction,
        _ half: UnsafeRawBufferPointer
    ) throws -> GaloisCounter {
        try keys.key(for: half).withOctets { try GaloisCounter(direction, key: $0) }
    }

    private func reserve(_ octets: Int) {
        guard memory.count < octets else { return }
        OPENSSL_cleanse(memory.baseAddress, memory.count)
        memory.deallocate()
        memory = .allocate(byteCount: max(octets, memory.count * 2), alignment: 8)
    }
}
