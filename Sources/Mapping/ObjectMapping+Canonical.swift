package import SyncModel

extension ObjectMapping {
    /// Lifts both sides into the canonical form. What a side can't show is taken from the base, or where there is none from the other side, so that
    /// a lossy projection is never mistaken for a change.
    ///
    /// - Parameters:
    ///   - ad: the AD replica's attributes; nil where there is no entry.
    ///   - miniorange: the LDAP replica's.
    ///   - base: the merge base.
    ///   - nameCounter: the pair's, which is appended to AD's name from 2 on.
    package func canonical(
        ad: Attributes?,
        miniorange: Attributes?,
        base: Attributes?,
        nameCounter: UInt8,
        resolver: some ReferenceResolver
    ) throws -> PerSide<CanonicalSide?> {
        var lifting = Lifting(self, base: base, suffix: Self.nameSuffix(nameCounter))
        if let ad { lifting.ad = LiftedSide(elements: ad.raw(slots.ad)) }
        if let miniorange { lifting.miniorange = LiftedSide(elements: miniorange.raw(slots.miniorange)) }
        for index in references {
            try lifting.ad?.resolve(.ad, index, resolver)
            try lifting.miniorange?.resolve(.miniorange, index, resolver)
        }
        lifting.run()
        let atAD = lifting.ad.map(canonicalSide)
        // Nearly every pair is in agreement, and then one list serves both.
        if lifting.isAgreed { return PerSide(both: atAD) }
        return PerSide(ad: atAD, miniorange: lifting.miniorange.map(canonicalSide))
    }
}
