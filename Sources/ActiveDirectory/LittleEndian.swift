extension [UInt8] {
    /// A number whose last octet comes first. Holds: the octets are there.
    func littleEndian(at start: Int, length: Int) -> UInt64 {
        var number: UInt64 = 0
        for place in 0..<length { number |= UInt64(self[start + place]) << (8 * UInt64(place)) }
        return number
    }
}
